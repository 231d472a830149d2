import { createHmac, hash } from 'node:crypto'
import { amzDate } from './dates.ts'
import { decodeBytes, encodeBytes, type HeaderPair, headerValues, queryPairs, toBytes } from './wire.ts'

/** The one algorithm of signature version 4 that is spoken here; the asymmetric one is not. */
export const algorithm = 'AWS4-HMAC-SHA256'

/** An access key and its secret. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What a signature is good for: a day (`20130524`), a region and a service. */
export interface Scope {
  readonly date: string
  readonly region: string
  readonly service: string
}

/** A request in the terms of version 4. The path must be canonical already (canonicalPath). */
export interface SignedParts {
  readonly method: string
  readonly path: string
  readonly rawQuery: string
  readonly headers: readonly HeaderPair[]
  /** Lower case, in the order of the SignedHeaders list. */
  readonly signedHeaders: readonly string[]
  /** Hex SHA-256 of the body, or one of the words that stand for it. */
  readonly payloadHash: string
}

/** Hex SHA-256; text is taken as bytes, one a character. */
export const sha256 = (data: string | Buffer): string =>
  hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data)

/** The scope as it stands in the credential and in the string to sign. */
export const scopeText = ({ date, region, service }: Scope): string => `${date}/${region}/${service}/aws4_request`

/** Keys that were derived lately: a client signs with the same one all day, and each costs four hashes. */
const derived = new Map<string, Buffer>()
const mostDerived = 256

/** The key that signs for one day, region and service. */
export function signingKey(secretAccessKey: string, scope: Scope): Buffer {
  const name = `${secretAccessKey}\n${scopeText(scope)}`
  const known = derived.get(name)
  if (known) return known
  const step = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text, 'latin1').digest()
  const words = [scope.date, scope.region, scope.service, 'aws4_request']
  const key = words.reduce<string | Buffer>(step, `AWS4${secretAccessKey}`) as Buffer
  // Scopes come from clients: what they invent must not pile up.
  if (derived.size >= mostDerived) derived.clear()
  derived.set(name, key)
  return key
}

/**
 * The path as version 4 signs it. S3 signs it encoded once (an encoded slash stays one), everything else encodes what is
 * on the wire again.
 */
export function canonicalPath(rawPath: string, service: string): string {
  if (/^[A-Za-z0-9\-._~/]+$/.test(rawPath)) return rawPath
  const read = service === 's3' ? decodeBytes : (text: string) => text
  return (rawPath || '/')
    .split('/')
    .map((segment) => encodeBytes(read(segment)))
    .join('/')
}

/** The query as version 4 signs it: decoded, encoded anew, sorted, and without the signature itself. */
export function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return ''
  return queryPairs(rawQuery)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeBytes(name), encodeBytes(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** A header's value without blanks around it, and with one where there are several. */
function spaced(value: string): string {
  const trimmed = value.trim()
  return /[ \t]{2}|\t/.test(trimmed) ? trimmed.replace(/[ \t]+/g, ' ') : trimmed
}

/** The canonical request, the text whose hash is signed. */
export function canonicalRequest({ method, path, rawQuery, headers, signedHeaders, payloadHash }: SignedParts): string {
  let lines = ''
  for (const name of signedHeaders) {
    const [first = '', ...others] = headerValues(headers, name)
    lines += `${name}:${others.reduce((text, value) => `${text},${spaced(value)}`, spaced(first))}\n`
  }
  return `${method}\n${path}\n${canonicalQuery(rawQuery)}\n${lines}\n${signedHeaders.join(';')}\n${payloadHash}`
}

/** The string to sign of a canonical request; `timestamp` as amzDate writes it. */
export const stringToSign = (timestamp: string, scope: Scope, canonical: string): string =>
  `${algorithm}\n${timestamp}\n${scopeText(scope)}\n${sha256(canonical)}`

/** The two blocks of HMAC-SHA256 (RFC 2104) that a key makes, each with room behind it for what is hashed with it. */
interface Pads {
  readonly inner: Buffer
  readonly outer: Buffer
}

const block = 64
const digestLength = 32
/** Room for a string to sign with the longest scope that is looked at here; what is longer takes another way. */
const mostSigned = 1024

const pads = new WeakMap<Buffer, Pads>()

function padsOf(key: Buffer): Pads {
  const known = pads.get(key)
  if (known) return known
  const made = { inner: Buffer.alloc(block + mostSigned, 0x36), outer: Buffer.alloc(block + digestLength, 0x5c) }
  for (const [at, byte] of key.entries()) {
    made.inner[at] = byte ^ 0x36
    made.outer[at] = byte ^ 0x5c
  }
  pads.set(key, made)
  return made
}

/**
 * The signature, lower-case hex, with a key of 32 bytes. It is HMAC-SHA256 by two hashes in one go each: an object of
 * Node's for every HMAC costs several times as much as both, and each request has one.
 */
export function signature(key: Buffer, toSign: string): string {
  if (toSign.length > mostSigned) return createHmac('sha256', key).update(toSign, 'latin1').digest('hex')
  const { inner, outer } = padsOf(key)
  const length = inner.write(toSign, block, 'latin1')
  outer.set(hash('sha256', inner.subarray(0, block + length), 'buffer'), block)
  return hash('sha256', outer)
}

/** A request to be signed. Header values are text here; they are signed as their UTF-8. */
export interface RequestToSign {
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  readonly headers: readonly HeaderPair[]
  readonly payloadHash: string
}

/** With what, for what and when to sign. */
export interface Signer extends Credentials {
  readonly region: string
  readonly service: string
  readonly time: Date
}

const parts = (request: RequestToSign, service: string, headers: readonly HeaderPair[]): SignedParts => {
  const bytes = headers.map(([name, value]) => [name.toLowerCase(), toBytes(value)] as const)
  const path = canonicalPath(request.rawPath, service)
  return { ...request, path, headers: bytes, signedHeaders: [...new Set(bytes.map(([name]) => name))].sort() }
}

/**
 * Signs with an Authorization header: all given headers (which must hold `host`) and x-amz-date, for S3
 * x-amz-content-sha256 as well. Returns all headers to send and the signature, which seeds a chunked body.
 */
export function signHeaders(request: RequestToSign, signer: Signer): { headers: HeaderPair[]; signature: string } {
  const timestamp = amzDate(signer.time)
  const scope = { date: timestamp.slice(0, 8), region: signer.region, service: signer.service }
  const headers: HeaderPair[] = [...request.headers, ['x-amz-date', timestamp]]
  if (signer.service === 's3') headers.push(['x-amz-content-sha256', request.payloadHash])
  const signed = parts(request, signer.service, headers)
  const toSign = stringToSign(timestamp, scope, canonicalRequest(signed))
  const hex = signature(signingKey(signer.secretAccessKey, scope), toSign)
  const credential = `${signer.accessKeyId}/${scopeText(scope)}`
  const value = `${algorithm} Credential=${credential}, SignedHeaders=${signed.signedHeaders.join(';')}, Signature=${hex}`
  return { headers: [...headers, ['authorization', value]], signature: hex }
}

/** Signs in the query, good for `expires` seconds. Returns the raw query; the given headers must be sent with it. */
export function presign(request: RequestToSign, signer: Signer, expires: number): string {
  const timestamp = amzDate(signer.time)
  const scope = { date: timestamp.slice(0, 8), region: signer.region, service: signer.service }
  const signed = parts(request, signer.service, request.headers)
  const own = {
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${signer.accessKeyId}/${scopeText(scope)}`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(expires),
    'X-Amz-SignedHeaders': signed.signedHeaders.join(';'),
  }
  const added = Object.entries(own).map(([name, value]) => `${name}=${encodeBytes(value)}`)
  const rawQuery = [request.rawQuery, ...added].filter(Boolean).join('&')
  const toSign = stringToSign(timestamp, scope, canonicalRequest({ ...signed, rawQuery }))
  return `${rawQuery}&X-Amz-Signature=${signature(signingKey(signer.secretAccessKey, scope), toSign)}`
}
