import { s3Operation } from '../operation.ts'

/** Removes all tags of a bucket. */
export default s3Operation('DeleteBucketTagging', {
  route: { method: 'DELETE', of: 'bucket', sub: 'tagging' },
  access: { bucket: 'owner' },
  async run({ objects }, _, { bucket }) {
    await objects.changeBucket(bucket.name, () => ({ tags: undefined }))
    return { status: 204 }
  },
})
