import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { mostTags, tagsOf } from '../tags.ts'

/** Replaces the tags of a bucket. Eucalyptus wants one at least (ObjectStorageGateway.java, setBucketTagging). */
export default s3Operation('PutBucketTagging', {
  route: { method: 'PUT', of: 'bucket', sub: 'tagging' },
  access: { bucket: 'owner' },
  async run({ objects, settings }, { content }, { bucket }) {
    const tags = tagsOf(content, mostTags.bucket)
    if (tags.length === 0 && settings.fidelity === 'eucalyptus') throw fault('malformedXml')
    await objects.changeBucket(bucket.name, () => ({ tags }))
    return { status: 204 }
  },
})
