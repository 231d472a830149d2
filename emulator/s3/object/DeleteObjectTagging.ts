import { s3Operation } from '../operation.ts'
import { requestedVersion, versionHeader } from '../version-id.ts'

/** Removes all tags of an object or of one of its versions. */
export default s3Operation('DeleteObjectTagging', {
  route: { method: 'DELETE', of: 'object', sub: 'tagging' },
  access: { object: 'owner' },
  fidelity: 'aws',
  async run(world, { query }, { bucket, object }) {
    const versionId = requestedVersion(world, query.get('versionId'))
    await world.objects.changeObject(bucket.name, object.key, () => ({ tags: undefined }), versionId)
    return { status: 204, headers: versionHeader(world, bucket, object) }
  },
})
