import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'parts-are-in-order-of-arrival',
    'The parts of an upload make its object in the order in which they came, as where they are appended to one file.',
  ],
  'objects',
  (objects) => {
    const arrived = new Map<string, string[]>()
    return {
      ...objects,
      async putPart(name, part) {
        const etags = arrived.get(name.uploadId) ?? []
        const stored = await objects.putPart(name, { ...part, partNumber: etags.length + 1 })
        arrived.set(name.uploadId, [...etags, stored.etag])
        return stored
      },
      completeUpload: (name, parts, completion) => {
        const etags = arrived.get(name.uploadId) ?? []
        const isWhole = parts.length === etags.length && parts.every(({ etag }) => etags.includes(etag))
        const inOrder = etags.map((etag, index) => ({ partNumber: index + 1, etag }))
        return objects.completeUpload(name, isWhole ? inOrder : parts, completion)
      },
    }
  },
)
