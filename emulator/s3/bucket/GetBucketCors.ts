import { xmlAnswer } from '../answer.ts'
import { corsFields } from '../cors-document.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'

/** Which pages of other origins may use a bucket. Throws NoSuchCORSConfiguration. */
export default s3Operation('GetBucketCors', {
  route: { method: 'GET', of: 'bucket', sub: 'cors' },
  access: { bucket: 'owner' },
  async run(_, __, { bucket }) {
    if (!bucket.cors) throw fault('noSuchCors')
    return xmlAnswer('CORSConfiguration', corsFields(bucket.cors))
  },
})
