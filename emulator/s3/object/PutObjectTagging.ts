import { s3Operation } from '../operation.ts'
import { mostTags, tagsOf } from '../tags.ts'
import { requestedVersion, versionHeader } from '../version-id.ts'

/** Replaces the tags of an object or of one of its versions; neither its bytes nor its date change. */
export default s3Operation('PutObjectTagging', {
  route: { method: 'PUT', of: 'object', sub: 'tagging' },
  access: { object: 'owner' },
  fidelity: 'aws',
  async run(world, { content, query }, { bucket, object }) {
    const tags = tagsOf(content, mostTags.object)
    const versionId = requestedVersion(world, query.get('versionId'))
    await world.objects.changeObject(bucket.name, object.key, () => ({ tags }), versionId)
    return { headers: versionHeader(world, bucket, object) }
  },
})
