import { aclToPut } from '../acl.ts'
import { s3Operation } from '../operation.ts'

/** Replaces the ACL of a bucket by a canned one, by grants in headers or by a document. */
export default s3Operation('PutBucketAcl', {
  route: { method: 'PUT', of: 'bucket', sub: 'acl' },
  access: { bucket: 'WRITE_ACP' },
  async run(world, call, { bucket }) {
    const acl = aclToPut(world, call, bucket.acl.owner, bucket)
    await world.objects.changeBucket(bucket.name, () => ({ acl }))
    return {}
  },
})
