import { corsOf } from '../cors-document.ts'
import { s3Operation } from '../operation.ts'

/** Says which pages of other origins may use a bucket, in place of what was said before. */
export default s3Operation('PutBucketCors', {
  route: { method: 'PUT', of: 'bucket', sub: 'cors' },
  access: { bucket: 'owner' },
  async run({ objects }, { content }, { bucket }) {
    const cors = corsOf(content)
    await objects.changeBucket(bucket.name, () => ({ cors }))
    return {}
  },
})
