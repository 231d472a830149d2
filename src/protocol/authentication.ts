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
import { headerValue, headerValues, queryPairs, toText } from './signature/wire.ts'

/** Every form in which a request claims to be signed; more than one is refused. */
function claimedForms(request: AuthenticationRequest): SignatureForm[] {
  const authorization = headerValues(request.headers, 'authorization').join('').trim()
  const forms: SignatureForm[] = []
  if (authorization !== '') forms.push(authorization.startsWith('AWS4-') ? 'V4-header' : 'V2-header')
  const fields = request.service === 's3' ? [] : (request.form ?? [])
  if (request.rawQuery === '' && fields.length === 0) return forms
  const query = new Set(queryPairs(request.rawQuery).map(([name]) => name))
  const form = new Set(fields.map(([name]) => name))
  const has = (...names: string[]) => names.some((name) => query.has(name) || form.has(name))
  if (['X-Amz-Algorithm', 'X-Amz-Signature', 'X-Amz-Credential'].some((name) => query.has(name))) forms.push('V4-query')
  if (has('AWSAccessKeyId', 'Signature')) forms.push('V2-query')
  return forms
}

const tokenHeader = 'x-amz-security-token'

/**
 * The security token of a session's key, from where its form of signature covers it: a header, the query, or (version 2
 * of a query service) the parameter SecurityToken. Throws the fault for one elsewhere, and for several.
 */
function securityToken(at: Verification, form: SignatureForm): string | undefined {
  const { headers, rawQuery, form: body = [], service } = at.request
  const isPlain = rawQuery === '' && body.length === 0
  if (isPlain && headerValue(headers, tokenHeader) === undefined) return undefined
  const query = queryPairs(rawQuery).map(([name, value]) => [name, toText(value)] as const)
  const named = (pairs: readonly (readonly [string, string])[], wanted: RegExp) =>
    pairs.filter(([name]) => wanted.test(name)).map(([, value]) => value)
  const places = {
    header: headerValues(headers, tokenHeader),
    query: named(query, /^x-amz-security-token$/i),
    parameter: named([...query, ...body], /^SecurityToken$/),
    body: named(body, /^x-amz-security-token$/i),
  }
  const version2Query = service === 's3' ? 'query' : 'parameter'
  const place = form === 'V2-query' ? version2Query : form === 'V4-query' ? 'query' : 'header'
  const [token, ...more] = Object.values(places).flat()
  if (token === undefined) return undefined
  if (more.length || places[place][0] === undefined) throw refusal(at, 'token')
  return token
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
  const asked: Verification = { request, lookUp, now, rules }
  const [form, ...further] = claimedForms(request)
  if (further.length) throw refusal(asked, 'several')
  if (!form) return anonymous(asked)
  const authorization = (headerValue(request.headers, 'authorization') ?? '').trim()
  if (form === 'V4-header' && !/^AWS4-HMAC-SHA256\s/.test(authorization)) throw refusal(asked, 'unsupported')
  const token = securityToken(asked, form)
  const at = token === undefined ? asked : { ...asked, securityToken: token }
  if (form === 'V2-header' || form === 'V2-query') {
    const { accessKeyId, payload } = verifyV2(at, form, authorization)
    return { kind: 'signed', accessKeyId, method: form, payload }
  }
  const claim = form === 'V4-header' ? headerClaim(at, authorization) : queryClaim(at)
  const payload = verifyV4(at, claim)
  return { kind: 'signed', accessKeyId: claim.accessKeyId, method: form, payload }
}
