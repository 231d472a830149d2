import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { lifecycleFields } from '../lifecycle-document.ts'
import { s3Operation } from '../operation.ts'

/** The rules by which objects of a bucket end. Throws NoSuchLifecycleConfiguration. */
export default s3Operation('GetBucketLifecycleConfiguration', {
  route: { method: 'GET', of: 'bucket', sub: 'lifecycle' },
  access: { bucket: 'owner' },
  async run(_, __, { bucket }) {
    if (!bucket.lifecycle) throw fault('noSuchLifecycle')
    return xmlAnswer('LifecycleConfiguration', lifecycleFields(bucket.lifecycle))
  },
})
