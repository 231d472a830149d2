import { fault } from '../faults.ts'
import { lifecycleOf } from '../lifecycle-document.ts'
import { s3Operation } from '../operation.ts'

/** Room for 1000 rules. */
const largestConfiguration = 1024 * 1024

/**
 * Replaces the rules by which objects of a bucket end. Eucalyptus has them only where there never were versions
 * (ObjectStorageGateway.java, setBucketLifecycle).
 */
export default s3Operation('PutBucketLifecycleConfiguration', {
  route: { method: 'PUT', of: 'bucket', sub: 'lifecycle' },
  access: { bucket: 'owner' },
  body: largestConfiguration,
  async run({ objects, settings }, { content }, { bucket }) {
    const lifecycle = lifecycleOf(content)
    await objects.changeBucket(bucket.name, ({ versioning }) => {
      if (settings.fidelity === 'eucalyptus' && versioning !== undefined) throw fault('invalidBucketState')
      return { lifecycle }
    })
    return {}
  },
})
