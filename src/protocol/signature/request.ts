import type { Fidelity } from '../faults.ts'
import type { Problem, Service } from './authentication-faults.ts'
import { authenticationFault } from './authentication-faults.ts'
import type { PayloadPlan } from './payload-plan.ts'
import type { WireRequest } from './wire.ts'

/** A request as far as its signature covers it, all of it as on the wire. */
export interface AuthenticationRequest extends WireRequest {
  readonly service: Service
  /** The part of rawPath that chose the service, such as `/services/objectstorage`; '' when the host did. */
  readonly servicePath: string
  /** The bucket, when the host name holds it: version 2 signs it as the head of the path. */
  readonly hostBucket?: string | undefined
  /** Query services: the parameters of the form body, decoded, in order. */
  readonly form?: readonly (readonly [string, string])[] | undefined
  /** Query services: hex SHA-256 of the body; left out when there was none. */
  readonly bodySha256?: string | undefined
}

/** What is known of an access key. */
export interface AccessKey {
  readonly secret: string
  /** True for a key that may not be used with version 2. */
  readonly version4Only?: boolean
  /** True for a key of a session that is over. */
  readonly expired?: boolean
}

/** How strict to be. */
export interface AuthenticationRules {
  readonly fidelity: Fidelity
  /** Whether signatures of version 2 are accepted at all. */
  readonly version2: boolean
  /** Whether a version 4 scope must name the service that is addressed. Eucalyptus takes any scope (clients.md, quirk 3). */
  readonly strictScope: boolean
  /** The region that the scope of a version 4 signature for Object Storage must name; any will do when left out. */
  readonly region?: string | undefined
}

/** What of the settings of a cloud says how strict it is. */
export interface RuleSettings {
  readonly fidelity: Fidelity
  readonly region: string
  /** Whether somebody has named the region. */
  readonly regionIsNamed?: boolean | undefined
}

/**
 * How strict a cloud is. Eucalyptus takes any scope. AWS wants service and region; here a region counts where somebody has
 * named it, as with MinIO: a test server that nobody told of one is for programs of all regions.
 */
export const authenticationRules = ({ fidelity, region, regionIsNamed }: RuleSettings): AuthenticationRules => ({
  fidelity,
  version2: true,
  strictScope: fidelity === 'aws',
  region: fidelity === 'aws' && regionIsNamed ? region : undefined,
})

/** The signature versions and the places in which they stand. */
export type SignatureForm = 'V4-header' | 'V4-query' | 'V2-header' | 'V2-query'

/** Who sent a request, as far as its signature proves it, and what its body must be. */
export type Authentication =
  | {
      readonly kind: 'signed'
      readonly accessKeyId: string
      readonly method: SignatureForm
      readonly payload: PayloadPlan
    }
  | { readonly kind: 'anonymous'; readonly payload: PayloadPlan }

/**
 * Finds an access key and the security token that came with it. A key of a session is found only with its token, any
 * other only without one; inactive keys are not found.
 */
export type AccessKeyLookUp = (accessKeyId: string, securityToken: string | undefined) => AccessKey | undefined

/** All that a verifier needs, and its way to refuse. */
export interface Verification {
  readonly request: AuthenticationRequest
  readonly lookUp: AccessKeyLookUp
  /** The security token that was sent where the form of signature has it. */
  readonly securityToken?: string
  readonly now: Date
  readonly rules: AuthenticationRules
}

/** The fault with which this request is refused. */
export const refusal = (
  { request }: Verification,
  problem: Problem,
  details: readonly string[] = [],
  fields: Record<string, string> = {},
): Error => authenticationFault(request.service, problem, details, fields)

/** Whether x-amz-checksum- headers speak of this body: CompleteMultipartUpload names the checksum of the whole object. */
export const checksumsBody = ({ method, rawQuery }: WireRequest): boolean =>
  method !== 'POST' || !/(^|&)uploadId=/.test(rawQuery)

/** Bytes in hex with spaces between, as S3 shows what it signed. */
export const spacedHex = (bytes: string): string =>
  Buffer.from(bytes, 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')

/** The key of a request, which must be there. Throws the fault for none, or for the end of its session. */
export function usableKey(at: Verification, key: AccessKey | undefined, accessKeyId: string): AccessKey {
  if (!key)
    throw refusal(at, at.securityToken === undefined ? 'unknownKey' : 'token', [], { AWSAccessKeyId: accessKeyId })
  if (key.expired) throw refusal(at, 'expiredToken')
  return key
}

/** Signs for keys that do not exist, so that an unknown key takes as long as a wrong signature. */
export const nobody: AccessKey = { secret: 'no access key has this secret, it is never equal' }
