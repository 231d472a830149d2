import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'delete-marker-does-not-hide',
    'A deletion in a versioned bucket is answered, but no delete marker is made, as where a queue of them was lost.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async deleteObject(bucket, key, deletion) {
      const isVersioned = (await objects.findBucket(bucket))?.versioning !== undefined
      if (!isVersioned || deletion?.versionId !== undefined) return objects.deleteObject(bucket, key, deletion)
      return { deleteMarker: true, versionId: '0'.repeat(32) }
    },
  }),
)
