import { isPublicPolicy, largestBucketPolicy, readBucketPolicy } from '../../../src/protocol/bucket-policy.ts'
import { MalformedPolicy } from '../../../src/protocol/policy.ts'
import { fault } from '../faults.ts'
import { s3Operation } from '../operation.ts'
import { expectOwner } from './policy-owner.ts'

/**
 * Sets who may do what with a bucket and its objects, beside the ACLs. A policy that cannot be evaluated is refused (S3 API
 * reference; ObjectStorageGateway.setBucketPolicy). In AWS only the bucket's own account may, whoever the policy lets.
 */
export default s3Operation('PutBucketPolicy', {
  route: { method: 'PUT', of: 'bucket', sub: 'policy' },
  access: { bucket: 'owner' },
  async run({ objects }, { content, requester }, { bucket }) {
    expectOwner(bucket, requester)
    const policy = content.toString()
    try {
      if (content.length > largestBucketPolicy) throw new MalformedPolicy('Policy exceeds the maximum allowed size')
      const statements = readBucketPolicy(policy, bucket.name)
      const isBlocked = bucket.publicAccessBlock?.blockPublicPolicy && isPublicPolicy(statements)
      if (isBlocked) throw fault('accessDenied')
    } catch (cause) {
      if (cause instanceof MalformedPolicy) throw fault('malformedPolicy', cause.message)
      throw cause
    }
    await objects.changeBucket(bucket.name, () => ({ policy }))
    return { status: 204 }
  },
})
