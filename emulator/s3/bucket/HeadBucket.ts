import { s3Operation } from '../operation.ts'

/** Tells whether a bucket is there and may be listed. */
export default s3Operation('HeadBucket', {
  route: { method: 'HEAD', of: 'bucket' },
  access: { bucket: 'READ' },
  run: async ({ settings }, _, { bucket }) => ({
    headers: { 'x-amz-bucket-region': bucket.location || settings.region, 'content-type': 'application/xml' },
  }),
})
