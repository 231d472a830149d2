import { amzDate, parseDate } from './dates.ts'
import { type PayloadPlan, payloadPlan } from './payload-plan.ts'
import { checksumsBody, nobody, refusal, spacedHex, usableKey, type Verification } from './request.ts'
import { checkRegion } from './scope-region.ts'
import {
  algorithm,
  canonicalPath,
  canonicalRequest,
  type Scope,
  sha256,
  signature,
  signingKey,
  stringToSign,
} from './sigv4.ts'
import { checkWindow, skew } from './time-window.ts'
import { equalSecrets, headerValue, queryPairs, toText } from './wire.ts'

/** What a request claims about its signature. */
export interface Claim {
  readonly form: 'V4-header' | 'V4-query'
  readonly accessKeyId: string
  readonly scope: Scope
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly time: Date
}

/** Who signed, and for what. */
interface Credential {
  readonly accessKeyId: string
  readonly scope: Scope
}

function parseCredential(at: Verification, credential: string): Credential {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/')
  if (!accessKeyId || !date || region === undefined || !service || terminator !== 'aws4_request' || rest.length)
    throw refusal(at, 'malformed', [
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ])
  return { accessKeyId, scope: { date, region, service } }
}

/** A scope must be that of the request's own day and service. */
function checkScope(at: Verification, { date, service }: Scope, time: Date): void {
  if (date !== amzDate(time).slice(0, 8))
    throw refusal(at, 'malformed', ['the date of the Credential is not that of the request.'])
  if (at.rules.strictScope && at.request.service !== 'empyrean' && service !== at.request.service)
    throw refusal(at, 'scope', [`the service '${service}' is wrong; expecting '${at.request.service}'`])
}

function requestTime(at: Verification, text: string | undefined): Date {
  if (text === undefined) throw refusal(at, 'badDate', ['X-Amz-Date header must be specified.'])
  const time = parseDate(text)
  if (!time) throw refusal(at, 'badDate', ['Unable to parse date.'])
  return time
}

/** The names of SignedHeaders. They are lower-case tokens: anything else could stand for two different requests. */
function signedNames(at: Verification, text: string): string[] {
  const names = text.split(';')
  if (!names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)))
    throw refusal(at, 'malformed', ['SignedHeaders must be lower-case header names, separated by semicolons.'])
  return names
}

/** What an Authorization header says, but for the signature. */
interface Authorization extends Credential {
  readonly signedHeaders: readonly string[]
}

/** Headers that were read lately, up to their signature: a client sends the same all day. */
const read = new Map<string, Authorization>()
const mostRead = 256

/** How headers end whose beginning can be known: the signature last, as all clients write it. */
const signatureAtEnd = /Signature=[0-9a-f]{64}$/
const signatureLength = 64

function readAuthorization(at: Verification, authorization: string): Authorization & { readonly hex: string } {
  const parts = new Map<string, string>()
  for (const part of authorization.slice(algorithm.length).split(',')) {
    const match = /^\s*(Credential|SignedHeaders|Signature)=(\S+)\s*$/.exec(part)
    if (!match?.[1] || !match[2] || parts.has(match[1]))
      throw refusal(at, 'malformed', ['expecting one Credential, one SignedHeaders and one Signature.'])
    parts.set(match[1], match[2])
  }
  const [credential, names, hex] = ['Credential', 'SignedHeaders', 'Signature'].map((name) => parts.get(name))
  if (!credential || !names || !hex)
    throw refusal(at, 'malformed', ['a Credential, SignedHeaders and a Signature are required.'])
  const { accessKeyId, scope } = parseCredential(at, credential)
  return { accessKeyId, scope, signedHeaders: signedNames(at, names), hex }
}

function authorizationOf(at: Verification, authorization: string): Authorization & { readonly hex: string } {
  if (!signatureAtEnd.test(authorization)) return readAuthorization(at, authorization)
  const end = authorization.length - signatureLength
  const beginning = authorization.slice(0, end)
  const known = read.get(beginning)
  if (known) {
    const { accessKeyId, scope, signedHeaders } = known
    return { accessKeyId, scope, signedHeaders, hex: authorization.slice(end) }
  }
  const found = readAuthorization(at, authorization)
  // They come from clients: what these invent must not pile up.
  if (read.size >= mostRead) read.clear()
  read.set(beginning, found)
  return found
}

/** Reads the Authorization header of version 4 and checks its date. Throws Fault. */
export function headerClaim(at: Verification, authorization: string): Claim {
  const { accessKeyId, scope, signedHeaders, hex } = authorizationOf(at, authorization)
  const { headers } = at.request
  const time = requestTime(at, headerValue(headers, 'x-amz-date') ?? headerValue(headers, 'date'))
  checkWindow(at, time)
  checkScope(at, scope, time)
  checkRegion(at, 'V4-header', scope)
  return { form: 'V4-header', accessKeyId, scope, signedHeaders, signature: hex, time }
}

function checkExpiry(at: Verification, time: Date, expires: string | undefined): void {
  const seconds = Number(expires)
  if (expires !== undefined && (!/^\d{1,6}$/.test(expires) || seconds < 1 || seconds > 604_800))
    throw refusal(at, 'badExpires')
  if (at.request.service !== 's3') checkWindow(at, time)
  else if (expires === undefined) throw refusal(at, 'malformedQuery', ['X-Amz-Expires parameter must be specified.'])
  if (at.now.getTime() < time.getTime() - 900_000)
    throw refusal(at, 'badDate', ['Cannot process request. X-Amz-Date is not yet valid.'])
  const deadline = time.getTime() + (seconds + skew(at.rules)) * 1000
  if (at.now.getTime() > deadline) throw refusal(at, 'expired')
}

/** Reads the parameters of a presigned request of version 4 and checks its times. Throws Fault. */
export function queryClaim(at: Verification): Claim {
  const pairs = queryPairs(at.request.rawQuery).filter(([name]) => name.startsWith('X-Amz-'))
  const parameters = new Map(pairs)
  const required = (name: string): string => {
    const value = parameters.get(name)
    if (!value) throw refusal(at, 'malformedQuery', [`${name} parameter must be specified.`])
    return value
  }
  if (required('X-Amz-Algorithm') !== algorithm)
    throw refusal(at, 'malformedQuery', [`X-Amz-Algorithm only supports "${algorithm}"`])
  const time = requestTime(at, required('X-Amz-Date'))
  checkExpiry(at, time, parameters.get('X-Amz-Expires'))
  const { accessKeyId, scope } = parseCredential(at, required('X-Amz-Credential'))
  checkScope(at, scope, time)
  checkRegion(at, 'V4-query', scope)
  return {
    form: 'V4-query',
    accessKeyId,
    scope,
    signedHeaders: signedNames(at, required('X-Amz-SignedHeaders')),
    signature: required('X-Amz-Signature'),
    time,
  }
}

/** Headers that count whether or not they are said to be signed. */
const alwaysCounted = /^(?:authorization|host|date|x-amz-.*)$/

/** Version 4 has one canonical form only if nothing that counts is there twice. */
function checkUnambiguous(at: Verification, claim: Claim): void {
  const { headers, rawQuery } = at.request
  const counts = (name: string) => claim.signedHeaders.includes(name) || alwaysCounted.test(name)
  const seen = new Set<string>()
  for (const [sent] of headers) {
    const name = sent.toLowerCase()
    if (seen.has(name) && counts(name)) throw refusal(at, 'repeated', [name])
    seen.add(name)
  }
  if (rawQuery !== '') {
    const names = queryPairs(rawQuery).map(([name]) => name)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined) throw refusal(at, 'repeated', [toText(twice)])
  }
  if (new Set(claim.signedHeaders).size !== claim.signedHeaders.length) throw refusal(at, 'repeated', ['SignedHeaders'])
}

/** The host and every x-amz- header that is there must be under the signature. */
function checkSignedHeaders(at: Verification, claim: Claim): void {
  const isUnsigned = (name: string) => !claim.signedHeaders.includes(name)
  const missing = isUnsigned('host') ? ['host'] : []
  for (const [sent] of at.request.headers) {
    const name = sent.toLowerCase()
    if (name.startsWith('x-amz-') && isUnsigned(name)) missing.push(name)
  }
  if (missing.length) throw refusal(at, 'unsigned', [missing.join(', ')])
}

/** The hash that stands in the canonical request. */
function payloadHash(at: Verification, claim: Claim): string {
  const { service, headers, rawQuery, bodySha256 } = at.request
  const header = headerValue(headers, 'x-amz-content-sha256')
  if (service !== 's3') {
    const hash = bodySha256 ?? sha256('')
    if (header !== undefined && header !== hash) throw refusal(at, 'bodyHash')
    return hash
  }
  if (claim.form === 'V4-query') {
    const parameter = queryPairs(rawQuery).find(([name]) => name === 'X-Amz-Content-Sha256')
    return parameter?.[1] ?? header ?? 'UNSIGNED-PAYLOAD'
  }
  if (!header) throw refusal(at, 'noHash')
  return header
}

/**
 * The paths that the client may have signed. S3: the key encoded anew, or just as sent. Other services of Eucalyptus
 * also take `/`, which the AWS SDK for Java signs whatever the path (Hmacv4LoginModule).
 */
function signedPaths(at: Verification): string[] {
  const { service, rawPath } = at.request
  const path = canonicalPath(rawPath, service)
  const other = service === 's3' ? rawPath || '/' : at.rules.fidelity === 'eucalyptus' ? '/' : path
  return other === path ? [path] : [path, other]
}

/** Verifies a claimed signature of version 4. Throws Fault; returns what the body must be. */
export function verifyV4(at: Verification, claim: Claim): PayloadPlan {
  checkUnambiguous(at, claim)
  checkSignedHeaders(at, claim)
  const { request } = at
  const hash = payloadHash(at, claim)
  const key = at.lookUp(claim.accessKeyId, at.securityToken)
  const signing = signingKey((key ?? nobody).secret, claim.scope)
  const timestamp = amzDate(claim.time)
  const { method, rawQuery, headers } = request
  const { signedHeaders } = claim
  let isSigned = false
  let shown = { canonical: '', text: '' }
  for (const path of signedPaths(at)) {
    const canonical = canonicalRequest({ method, path, rawQuery, headers, signedHeaders, payloadHash: hash })
    const text = stringToSign(timestamp, claim.scope, canonical)
    if (equalSecrets(signature(signing, text), claim.signature)) isSigned = true
    if (shown.text === '') shown = { canonical, text }
  }
  usableKey(at, key, claim.accessKeyId)
  if (!isSigned)
    throw refusal(at, 'mismatch', [], {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: toText(shown.text),
      SignatureProvided: claim.signature,
      StringToSignBytes: spacedHex(shown.text),
      CanonicalRequest: toText(shown.canonical),
      CanonicalRequestBytes: spacedHex(shown.canonical),
    })
  if (request.service !== 's3') return { length: undefined }
  const chain = { key: signing, timestamp, scope: claim.scope, seed: claim.signature }
  const ofObject = checksumsBody(request)
  return payloadPlan(request.headers, hash, claim.form === 'V4-header' ? { ofObject, chain } : { ofObject })
}
