import { createHmac } from 'node:crypto'
import { Fault, type FaultRow } from '../faults.ts'
import { authenticationFault, type Problem } from './authentication-faults.ts'
import { parseDate } from './dates.ts'
import { type AccessKeyLookUp, type AuthenticationRules, nobody } from './request.ts'
import { signV2 } from './sigv2.ts'
import { algorithm, type Credentials, type Scope, scopeText, signingKey } from './sigv4.ts'
import { equalSecrets } from './wire.ts'

/** The fields of a POST form by their names in lower case; `policy` is the base64 text, which is what is signed. */
export type FormFields = ReadonlyMap<string, string>

/** Signs a policy with version 4: the hexadecimal `x-amz-signature`. */
export const signPolicyV4 = (policy: string, secretAccessKey: string, scope: Scope): string =>
  createHmac('sha256', signingKey(secretAccessKey, scope)).update(policy).digest('hex')

/** Signs a policy with version 2: the base64 `Signature`. */
export const signPolicyV2 = (policy: string, { secretAccessKey }: Pick<Credentials, 'secretAccessKey'>): string =>
  signV2(secretAccessKey, policy, 'sha1')

const refuse = (problem: Problem, details: readonly string[] = [], fields: Record<string, string> = {}) =>
  authenticationFault('s3', problem, details, fields)

/** A form for another region, as S3 refuses it. */
const wrongRegion: FaultRow = {
  code: 'InvalidArgument',
  status: 400,
  message: (region, own) => `the region '${region}' is wrong; expecting '${own}'`,
}

/** The key and the scope in `x-amz-credential`. Throws Fault. */
function credentialOf(fields: FormFields, rules: AuthenticationRules): { accessKeyId: string; scope: Scope } {
  const credential = fields.get('x-amz-credential') ?? ''
  const [, accessKeyId, date, region, service] =
    /^([^/\s]+)\/(\d{8})\/([^/\s]+)\/([^/\s]+)\/aws4_request$/.exec(credential) ?? []
  if (!accessKeyId || !date || !region || !service) throw refuse('malformed', ['the Credential is mal-formed'])
  const timestamp = fields.get('x-amz-date') ?? ''
  if (!parseDate(timestamp)?.toISOString().replaceAll('-', '').startsWith(date)) {
    throw refuse('badDate', ['x-amz-date must be a time of the day in x-amz-credential'])
  }
  if (fields.get('x-amz-algorithm') !== algorithm) throw refuse('unsupported')
  const scope = { date, region, service }
  if (rules.region !== undefined && region !== rules.region) {
    const argument = { ArgumentName: 'X-Amz-Credential', ArgumentValue: credential }
    throw new Fault(wrongRegion, [region, rules.region], { fields: { ...argument, Region: rules.region } })
  }
  if (rules.strictScope && service !== 's3') throw refuse('scope', [`incorrect service "${scopeText(scope)}"`])
  return { accessKeyId, scope }
}

/**
 * Checks the signature of a POST form's policy, of version 2 (`AWSAccessKeyId`, `Signature`) or 4 (`x-amz-credential`,
 * `x-amz-date`, `x-amz-signature`). Throws Fault.
 */
export function verifyPolicySignature(fields: FormFields, lookUp: AccessKeyLookUp, rules: AuthenticationRules): void {
  const policy = fields.get('policy') ?? ''
  const token = fields.get('x-amz-security-token')
  const isV4 = fields.has('x-amz-signature')
  const provided = fields.get(isV4 ? 'x-amz-signature' : 'signature') ?? ''
  const { accessKeyId, scope } = isV4
    ? credentialOf(fields, rules)
    : { accessKeyId: fields.get('awsaccesskeyid') ?? '', scope: undefined }
  const key = lookUp(accessKeyId, token)
  const { secret } = key ?? nobody
  const expected = scope ? signPolicyV4(policy, secret, scope) : signPolicyV2(policy, { secretAccessKey: secret })
  const equal = equalSecrets(expected, provided)
  if (!key) throw refuse(token === undefined ? 'unknownKey' : 'token', [], { AWSAccessKeyId: accessKeyId })
  if (key.expired) throw refuse('expiredToken')
  if (!isV4 && (key.version4Only || !rules.version2)) throw refuse('version2')
  if (!equal) {
    throw refuse('mismatch', [], { AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: provided })
  }
}
