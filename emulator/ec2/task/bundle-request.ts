import { signPolicyV2 } from '../../../src/protocol/signature/verify-policy.ts'
import { equalSecrets } from '../../../src/protocol/signature/wire.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'

/** Where a bundle is to go and what allows that, as the client said it. */
export interface BundleRequest {
  readonly Bucket: string
  readonly Prefix: string
  readonly AWSAccessKeyId: string
  readonly UploadPolicy: string
  readonly UploadPolicySignature: string
}

/** Characters of a policy in base64. */
const longestPolicy = 4096

/** The syntax of a bucket and, as it is checked by the same rule, of a prefix (VmControl.validBucketName). */
export function checkPlace({ Bucket, Prefix, UploadPolicy }: BundleRequest): void {
  for (const [name, value] of Object.entries({ Bucket, Prefix })) {
    if (!/^[a-zA-Z\d._-]{3,255}$/.test(value)) throw fault('bundlePlace', value, name)
  }
  if (UploadPolicy.length > longestPolicy) throw fault('bundlePolicyTooLong')
}

/** The security token that a policy demands: the key is one of a session then. Throws for what is no policy. */
function tokenIn(policy: string): string | undefined {
  let conditions: unknown
  try {
    conditions = (JSON.parse(policy) as { conditions?: unknown } | null)?.conditions
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (!Array.isArray(conditions)) throw fault('bundlePolicy')
  const named = (conditions as ({ 'x-amz-security-token'?: unknown } | null)[]).map(
    (one) => one?.['x-amz-security-token'],
  )
  return named.find((token) => typeof token === 'string')
}

/**
 * Checks the policy and its signature, which must be by the access key that is named (VmControl.bundleInstance). When
 * parts are uploaded Object Storage checks them again. Resolves with the token of a session's key. Throws Fault.
 */
export function checkPolicy(cloud: Cloud, request: BundleRequest): { securityToken?: string } {
  const { Bucket, AWSAccessKeyId, UploadPolicy, UploadPolicySignature } = request
  const policy = Buffer.from(UploadPolicy, 'base64').toString('utf8')
  const securityToken = tokenIn(policy)
  const key = cloud.bundling.key(AWSAccessKeyId, securityToken)
  if (!key || key.expired) throw fault('bundleAccessKey', AWSAccessKeyId)
  const signature = signPolicyV2(UploadPolicy, { secretAccessKey: key.secret })
  if (!equalSecrets(signature, UploadPolicySignature.trim())) throw fault('bundleSignature')
  // A look at the text, as Bundles.verifyPolicy takes one: euca2ools' own policy passes.
  const text = policy.slice(policy.indexOf('{'), policy.lastIndexOf('}'))
  if (!text.includes(Bucket) || !text.includes('ec2-bundle-read')) throw fault('bundlePolicyCustom')
  return securityToken === undefined ? {} : { securityToken }
}
