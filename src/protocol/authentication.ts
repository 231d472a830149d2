import { payloadPlan } from './signature/payload-plan.ts'
import {
  type AccessKeyLookUp,
  type Authentication,
  type AuthenticationRequest,
  type AuthenticationRules,
  checksumsBody,
  refusal,
  type SignatureForm,
  type Verification,
} from './signature/request.ts'
import { verifyQueryV2, verifyS3HeaderV2, verifyS3QueryV2 } from './signature/verify-v2.ts'
import { headerClaim, queryClaim, verifyV4 } from './signature/verify-v4.ts'
import { headerValue, headerValues, queryPairs } from './signature/wire.ts'

/** Every form in which a request claims to be signed; more than one is refused. */
function claimedForms(request: AuthenticationRequest): SignatureForm[] {
  const authorization = headerValues(request.headers, 'authorization').join('').trim()
  const query = new Set(queryPairs(request.rawQuery).map(([name]) => name))
  const form = new Set((request.service === 's3' ? [] : (request.form ?? [])).map(([name]) => name))
  const has = (...names: string[]) => names.some((name) => query.has(name) || form.has(name))
  const forms: SignatureForm[] = []
  if (authorization !== '') forms.push(/^AWS4-/.test(authorization) ? 'V4-header' : 'V2-header')
  if (['X-Amz-Algorithm', 'X-Amz-Signature', 'X-Amz-Credential'].some((name) => query.has(name))) forms.push('V4-query')
  if (has('AWSAccessKeyId', 'Signature')) forms.push('V2-query')
  return forms
}

function refuseTokens(at: Verification): void {
  const { request } = at
  const names = [...queryPairs(request.rawQuery), ...(request.form ?? [])].map(([name]) => name)
  const sent = names.some((name) => name === 'SecurityToken' || name.toLowerCase() === 'x-amz-security-token')
  if (sent || headerValue(request.headers, 'x-amz-security-token') !== undefined) throw refusal(at, 'token')
}

/** Object storage knows people without a name; what they may do, the ACLs say. */
function anonymous(at: Verification): Authentication {
  const { request } = at
  if (request.service !== 's3') throw refusal(at, 'missing')
  return {
    kind: 'anonymous',
    payload: payloadPlan(request.headers, headerValue(request.headers, 'x-amz-content-sha256'), {
      ofObject: checksumsBody(request),
    }),
  }
}

function verifyV2(at: Verification, form: SignatureForm, authorization: string) {
  if (at.request.service !== 's3') {
    if (form === 'V2-header') throw refusal(at, 'unsupported')
    return verifyQueryV2(at)
  }
  return form === 'V2-header' ? verifyS3HeaderV2(at, authorization) : verifyS3QueryV2(at)
}

/**
 * Tells who sent a request. It is the one gate in front of every operation: without a signature that proves a known
 * access key it throws the Fault of the service, or, for object storage only, returns `anonymous`. `now` is the
 * server's time. The body of an S3 request is not looked at: it must be read through payloadStream with the returned
 * plan. The service is told by the caller, never by the scope of the signature (clients.md, quirk 2).
 */
export function authenticate(
  request: AuthenticationRequest,
  lookUp: AccessKeyLookUp,
  now: Date,
  rules: AuthenticationRules,
): Authentication {
  const at: Verification = { request, lookUp, now, rules }
  const [form, ...further] = claimedForms(request)
  if (further.length) throw refusal(at, 'several')
  if (!form) return anonymous(at)
  const authorization = (headerValue(request.headers, 'authorization') ?? '').trim()
  if (form === 'V4-header' && !/^AWS4-HMAC-SHA256\s/.test(authorization)) throw refusal(at, 'unsupported')
  refuseTokens(at)
  if (form === 'V2-header' || form === 'V2-query') {
    const { accessKeyId, payload } = verifyV2(at, form, authorization)
    return { kind: 'signed', accessKeyId, method: form, payload }
  }
  const claim = form === 'V4-header' ? headerClaim(at, authorization) : queryClaim(at)
  const payload = verifyV4(at, claim)
  return { kind: 'signed', accessKeyId: claim.accessKeyId, method: form, payload }
}
