import { s3Operation } from '../operation.ts'
import { expectOwner } from './policy-owner.ts'

/** Removes the policy of a bucket; there need not be one. */
export default s3Operation('DeleteBucketPolicy', {
  route: { method: 'DELETE', of: 'bucket', sub: 'policy' },
  access: { bucket: 'owner' },
  async run({ objects }, { requester }, { bucket }) {
    expectOwner(bucket, requester)
    if (bucket.policy !== undefined) await objects.changeBucket(bucket.name, () => ({ policy: undefined }))
    return { status: 204 }
  },
})
