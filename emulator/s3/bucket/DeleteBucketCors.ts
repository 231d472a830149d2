import { s3Operation } from '../operation.ts'

/** From now on no page of another origin may use the bucket; that it was so already is no error. */
export default s3Operation('DeleteBucketCors', {
  route: { method: 'DELETE', of: 'bucket', sub: 'cors' },
  access: { bucket: 'owner' },
  async run({ objects }, _, { bucket }) {
    await objects.changeBucket(bucket.name, () => ({ cors: undefined }))
    return { status: 204 }
  },
})
