import { createHmac } from 'node:crypto'
import { isoDate } from './dates.ts'
import type { Credentials } from './sigv4.ts'
import { encodeBytes, type HeaderPair, headerValue, queryPairs, toBytes, type WireRequest } from './wire.ts'

/** The hash functions that SignatureMethod may name. */
export const signatureMethods = { HmacSHA256: 'sha256', HmacSHA1: 'sha1' } as const

/** A value of SignatureMethod. */
export type SignatureMethod = keyof typeof signatureMethods

/** The parameters that select a part of a bucket or object, and so are signed (eucalyptus-behaviour.md, section 1.2). */
export const subResources: ReadonlySet<string> = new Set([
  ...['accelerate', 'acl', 'analytics', 'cors', 'delete', 'encryption', 'inventory', 'lifecycle', 'location'],
  ...['logging', 'metrics', 'notification', 'object_lock', 'partNumber', 'policy', 'replication', 'requestPayment'],
  ...['tagging', 'torrent', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website'],
  ...['response-cache-control', 'response-content-disposition', 'response-content-encoding'],
  ...['response-content-language', 'response-content-type', 'response-expires'],
])

/** Base64 HMAC of text given as bytes, one a character. */
export const signV2 = (secretAccessKey: string, toSign: string, hash: 'sha1' | 'sha256'): string =>
  createHmac(hash, secretAccessKey).update(toSign, 'latin1').digest('base64')

/** The string that a query request of version 2 signs; parameters as bytes, the signature among them is left out. */
export function queryStringToSign(
  method: string,
  host: string,
  rawPath: string,
  parameters: readonly (readonly [string, string])[],
): string {
  const pairs = parameters
    .filter(([name]) => name !== 'Signature')
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${encodeBytes(name)}=${encodeBytes(value)}`)
  return [method, host.toLowerCase(), rawPath || '/', pairs.join('&')].join('\n')
}

/** Signs the parameters of a query request (text). Returns them with the five that version 2 adds. */
export function signParameters(
  request: { method: string; host: string; rawPath: string; parameters: readonly (readonly [string, string])[] },
  { accessKeyId, secretAccessKey }: Credentials,
  time: Date,
  signatureMethod: SignatureMethod = 'HmacSHA256',
): [string, string][] {
  const parameters: [string, string][] = [
    ...request.parameters.map(([name, value]): [string, string] => [name, value]),
    ['AWSAccessKeyId', accessKeyId],
    ['SignatureMethod', signatureMethod],
    ['SignatureVersion', '2'],
    ['Timestamp', isoDate(time)],
  ]
  const bytes = parameters.map(([name, value]) => [toBytes(name), toBytes(value)] as const)
  const toSign = queryStringToSign(request.method, request.host, request.rawPath, bytes)
  return [...parameters, ['Signature', signV2(secretAccessKey, toSign, signatureMethods[signatureMethod])]]
}

/** The x-amz- headers as version 2 signs them, spaces within kept. In a presigned request, such parameters count as headers. */
function canonicalAmzHeaders(pairs: readonly (readonly [string, string])[]): string {
  const values = new Map<string, string[]>()
  for (const [sent, value] of pairs) {
    const name = sent.toLowerCase()
    if (!name.startsWith('x-amz-')) continue
    values.set(name, [...(values.get(name) ?? []), value.trim()])
  }
  return [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => `${name}:${all.join(',')}\n`)
    .join('')
}

/** The resource as version 2 signs it: the raw path (of a bucket in the host name: with it) and its sub-resources. */
export function canonicalResource(rawPath: string, rawQuery: string, hostBucket = ''): string {
  const chosen = new Map(queryPairs(rawQuery).filter(([name]) => subResources.has(name)))
  const query = [...chosen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  const path = (hostBucket && `/${hostBucket}`) + (rawPath || '/')
  return query.length ? `${path}?${query.join('&')}` : path
}

/** What a server may vary to find what the client signed (clients.md, quirk 6). */
export interface S3Variation {
  readonly rawPath: string
  readonly contentType: boolean
}

/**
 * The string that an S3 request of version 2 signs. `expires` is the Expires of a presigned request; without it the
 * Date header counts, or nothing when there is an x-amz-date (which is signed as a header).
 */
export function s3StringToSign(
  request: WireRequest,
  { rawPath, contentType }: S3Variation,
  options: { expires?: string | undefined; hostBucket?: string | undefined } = {},
): string {
  const header = (name: string) => headerValue(request.headers, name) ?? ''
  const dated = headerValue(request.headers, 'x-amz-date') === undefined ? header('date') : ''
  const query = options.expires === undefined ? [] : queryPairs(request.rawQuery)
  return [
    request.method,
    header('content-md5'),
    contentType ? header('content-type') : '',
    options.expires ?? dated,
    canonicalAmzHeaders([...request.headers, ...query]) +
      canonicalResource(rawPath, request.rawQuery, options.hostBucket),
  ].join('\n')
}

/** Signs an S3 request with an Authorization header; a Date header is added. Header values are text. */
export function signS3Headers(request: WireRequest, credentials: Credentials, time: Date): HeaderPair[] {
  const headers: HeaderPair[] = [...request.headers, ['date', time.toUTCString()]]
  const bytes = headers.map(([name, value]): HeaderPair => [name, toBytes(value)])
  const toSign = s3StringToSign({ ...request, headers: bytes }, { rawPath: request.rawPath, contentType: true })
  const hash = signV2(credentials.secretAccessKey, toSign, 'sha1')
  return [...headers, ['authorization', `AWS ${credentials.accessKeyId}:${hash}`]]
}

/** Signs an S3 request in its query, good until `expires`. Returns the raw query. */
export function presignS3(request: WireRequest, credentials: Credentials, expires: Date): string {
  const seconds = String(Math.floor(expires.getTime() / 1000))
  const headers = request.headers.map(([name, value]): HeaderPair => [name, toBytes(value)])
  const toSign = s3StringToSign(
    { ...request, headers },
    { rawPath: request.rawPath, contentType: true },
    { expires: seconds },
  )
  const hash = encodeBytes(signV2(credentials.secretAccessKey, toSign, 'sha1'))
  const own = `AWSAccessKeyId=${encodeBytes(credentials.accessKeyId)}&Expires=${seconds}&Signature=${hash}`
  return request.rawQuery === '' ? own : `${request.rawQuery}&${own}`
}
