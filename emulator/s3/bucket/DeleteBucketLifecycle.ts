import { s3Operation } from '../operation.ts'

/** From now on no rule ends objects of the bucket; that none did is no error. */
export default s3Operation('DeleteBucketLifecycle', {
  route: { method: 'DELETE', of: 'bucket', sub: 'lifecycle' },
  access: { bucket: 'owner' },
  async run({ objects }, _, { bucket }) {
    await objects.changeBucket(bucket.name, () => ({ lifecycle: undefined }))
    return { status: 204 }
  },
})
