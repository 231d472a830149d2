import { isPublicPolicy, readBucketPolicy } from '../../../src/protocol/bucket-policy.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'

/** Whether the policy of a bucket makes it public. Throws NoSuchBucketPolicy. */
export default s3Operation('GetBucketPolicyStatus', {
  route: { method: 'GET', of: 'bucket', sub: 'policyStatus' },
  access: { bucket: 'owner' },
  fidelity: 'aws',
  async run(_world, _call, { bucket }) {
    if (bucket.policy === undefined) throw fault('noSuchBucketPolicy')
    return xmlAnswer('PolicyStatus', { IsPublic: isPublicPolicy(readBucketPolicy(bucket.policy, bucket.name)) })
  },
})
