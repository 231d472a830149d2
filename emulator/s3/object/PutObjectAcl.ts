import { aclToPut } from '../acl.ts'
import { s3Operation } from '../operation.ts'

/** Replaces the ACL of an object by a canned one, by grants in headers or by a document. */
export default s3Operation('PutObjectAcl', {
  route: { method: 'PUT', of: 'object', sub: 'acl' },
  access: { object: 'WRITE_ACP' },
  async run(world, call, { bucket, object }) {
    const acl = aclToPut(world, call, object.acl.owner, bucket.acl.owner)
    await world.objects.changeObject(bucket.name, object.key, () => ({ acl }))
    return {}
  },
})
