import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'metadata-outlives-a-replacement',
    'A replaced object keeps the metadata of the one before, as where a PUT updates a row instead of making one.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async putObject(object) {
      const present = await objects.findObject(object.bucket, object.key)
      return objects.putObject({ ...object, metadata: { ...present?.metadata, ...object.metadata } })
    },
  }),
)
