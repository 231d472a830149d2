import { versionIdOf } from '../../objects/versions.ts'
import { aclToPut } from '../acl.ts'
import { s3Operation } from '../operation.ts'
import { requestedVersion } from '../version-id.ts'

/** Replaces the ACL of an object by a canned one, by grants in headers or by a document. */
export default s3Operation('PutObjectAcl', {
  route: { method: 'PUT', of: 'object', sub: 'acl' },
  access: { object: 'WRITE_ACP' },
  async run(world, call, { bucket, object }) {
    const acl = aclToPut(world, call, object.acl.owner, bucket)
    const versionId = requestedVersion(world, call.query.get('versionId'))
    await world.objects.changeObject(bucket.name, object.key, () => ({ acl }), versionId)
    // Unlike with GET, Eucalyptus names the `null` version here (ObjectStorageGateway.java).
    return { headers: { 'x-amz-version-id': bucket.versioning && versionIdOf(object) } }
  },
})
