import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'upload-hides-the-version-before',
    'An upload that is begun hides the version before it, as where the row of the new version is made too early.',
  ],
  'objects',
  (objects) => ({
    ...objects,
    async createUpload(upload) {
      const { versioning } = (await objects.findBucket(upload.bucket)) ?? {}
      if (versioning === 'Enabled') await objects.deleteObject(upload.bucket, upload.key, { owner: upload.initiator })
      return objects.createUpload(upload)
    },
  }),
)
