import { xmlAnswer } from '../answer.ts'
import { s3Operation } from '../operation.ts'

/** Whether the bucket keeps versions; it says nothing as long as nobody ever set it (S3 API reference). */
export default s3Operation('GetBucketVersioning', {
  route: { method: 'GET', of: 'bucket', sub: 'versioning' },
  access: { bucket: 'owner' },
  run: async (_, __, { bucket }) => xmlAnswer('VersioningConfiguration', { Status: bucket.versioning }),
})
