import { s3Operation } from '../operation.ts'

/** Removes an empty bucket; what was uploaded to it in parts and not completed goes with it. */
export default s3Operation('DeleteBucket', {
  route: { method: 'DELETE', of: 'bucket' },
  access: { bucket: 'owner' },
  async run({ objects }, { bucket }) {
    await objects.deleteBucket(bucket)
    return { status: 204 }
  },
})
