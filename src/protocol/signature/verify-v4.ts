import { amzDate, parseDate } from './dates.ts'
import { type PayloadPlan, payloadPlan } from './payload-plan.ts'
import { checksumsBody, nobody, refusal, spacedHex, usableKey, type Verification } from './request.ts'
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

function parseCredential(at: Verification, credential: string, time: Date): { accessKeyId: string; scope: Scope } {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/')
  const bad = (why: string) => refusal(at, 'malformed', [why])
  if (!accessKeyId || !date || region === undefined || !service || terminator !== 'aws4_request' || rest.length)
    throw bad('the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".')
  if (date !== amzDate(time).slice(0, 8)) throw bad('the date of the Credential is not that of the request.')
  if (at.rules.strictScope && at.request.service !== 'empyrean' && service !== at.request.service)
    throw refusal(at, 'scope', [`the service '${service}' is wrong; expecting '${at.request.service}'`])
  return { accessKeyId, scope: { date, region, service } }
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

/** Reads the Authorization header of version 4 and checks its date. Throws Fault. */
export function headerClaim(at: Verification, authorization: string): Claim {
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
  const { headers } = at.request
  const time = requestTime(at, headerValue(headers, 'x-amz-date') ?? headerValue(headers, 'date'))
  checkWindow(at, time)
  const signedHeaders = signedNames(at, names)
  return { form: 'V4-header', ...parseCredential(at, credential, time), signedHeaders, signature: hex, time }
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
  return {
    form: 'V4-query',
    ...parseCredential(at, required('X-Amz-Credential'), time),
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
function signedPaths(at: Verification): Set<string> {
  const { service, rawPath } = at.request
  const paths = new Set([canonicalPath(rawPath, service)])
  if (service === 's3') paths.add(rawPath || '/')
  else if (at.rules.fidelity === 'eucalyptus') paths.add('/')
  return paths
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
  const tries = [...signedPaths(at)].map((path) => {
    const canonical = canonicalRequest({ method, path, rawQuery, headers, signedHeaders, payloadHash: hash })
    const text = stringToSign(timestamp, claim.scope, canonical)
    return { canonical, text, equal: equalSecrets(signature(signing, text), claim.signature) }
  })
  usableKey(at, key, claim.accessKeyId)
  const [first] = tries
  if (!tries.some(({ equal }) => equal))
    throw refusal(at, 'mismatch', [], {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: toText(first?.text ?? ''),
      SignatureProvided: claim.signature,
      StringToSignBytes: spacedHex(first?.text ?? ''),
      CanonicalRequest: toText(first?.canonical ?? ''),
      CanonicalRequestBytes: spacedHex(first?.canonical ?? ''),
    })
  if (request.service !== 's3') return { length: undefined }
  const chain = { key: signing, timestamp, scope: claim.scope, seed: claim.signature }
  return payloadPlan(request.headers, hash, {
    ofObject: checksumsBody(request),
    ...(claim.form === 'V4-header' ? { chain } : {}),
  })
}
