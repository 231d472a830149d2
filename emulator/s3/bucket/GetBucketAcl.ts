import { aclAnswer } from '../acl.ts'
import { s3Operation } from '../operation.ts'

/** Who may do what with a bucket. */
export default s3Operation('GetBucketAcl', {
  route: { method: 'GET', of: 'bucket', sub: 'acl' },
  access: { bucket: 'READ_ACP' },
  run: async (world, _, { bucket }) => aclAnswer(world, bucket.acl),
})
