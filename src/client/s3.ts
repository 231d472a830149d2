import { presignS3, signS3Headers } from '../protocol/signature/sigv2.ts'
import { type Credentials, presign, sha256, signHeaders } from '../protocol/signature/sigv4.ts'
import type { HeaderPair } from '../protocol/signature/wire.ts'
import { bytesOf, endpointPath, type RawRequest, type RawResponse, type Send, send } from './send.ts'

/** Where and as whom to call an object storage. */
export interface S3Target extends Credentials {
  /** Such as `http://127.0.0.1:8773/services/objectstorage`. */
  readonly endpoint: string
  readonly region: string
  /** Replaces the network, for tests. */
  readonly send?: Send
}

/** One S3 request, also one that better clients refuse to make. */
export interface S3Request {
  readonly method: string
  /** Below the endpoint, from its slash on, percent-encoded as it shall be sent: `/bucket/key`. */
  readonly path: string
  /** Raw, without the question mark. */
  readonly query?: string
  /** `host` and what the signature needs are added. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly sign?: 'v4' | 'v4-query' | 'v2' | 'v2-query' | 'none'
  /** The clock of the signature. */
  readonly time?: Date
  /** For the signatures in the query: seconds; left out it is 900. */
  readonly expires?: number
  /** For V4: what stands for the hash of the body, such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash?: string
  /** For V2: leave the path of the service out of what is signed, as euca2ools does (clients.md, quirk 6). */
  readonly bare?: boolean
  /** Bytes that the answer's body may have; any number unless told. */
  readonly largest?: number
  /** Changes the request after it was signed. */
  readonly mutate?: (request: RawRequest) => RawRequest
}

function signed(target: S3Target, ask: S3Request): RawRequest {
  const { endpoint, region } = target
  const { method, query = '', body = '', sign = 'v4', time = new Date(), expires = 900 } = ask
  const rawPath = endpointPath(endpoint) + ask.path
  const headers: HeaderPair[] = [['host', new URL(endpoint).host], ...Object.entries(ask.headers ?? {})]
  const request = {
    method,
    endpoint,
    rawPath,
    rawQuery: query,
    headers,
    body,
    ...(ask.largest && { largest: ask.largest }),
  }
  const payloadHash = ask.payloadHash ?? sha256(bytesOf(body))
  const signer = { ...target, region, service: 's3', time }
  const v2 = { ...request, rawPath: ask.bare ? ask.path : rawPath }
  const until = new Date(time.getTime() + expires * 1000)
  switch (sign) {
    case 'none':
      return request
    case 'v4':
      return { ...request, headers: signHeaders({ ...request, payloadHash }, signer).headers }
    case 'v4-query':
      return {
        ...request,
        rawQuery: presign({ ...request, payloadHash: ask.payloadHash ?? 'UNSIGNED-PAYLOAD' }, signer, expires),
      }
    case 'v2':
      return { ...request, headers: signS3Headers(v2, target, time) }
    case 'v2-query':
      return { ...request, rawQuery: presignS3(v2, target, until) }
  }
}

/** Sends one S3 request, signed as asked, and returns whatever comes back; it never throws for a status. */
export function s3Request(target: S3Target, ask: S3Request): Promise<RawResponse> {
  const request = signed(target, ask)
  return (target.send ?? send)(ask.mutate ? ask.mutate(request) : request)
}
