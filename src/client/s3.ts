import { presignS3, signS3Headers } from '../protocol/signature/sigv2.ts'
import { presign, sha256, signHeaders } from '../protocol/signature/sigv4.ts'
import type { HeaderPair } from '../protocol/signature/wire.ts'
import { bytesOf, endpointPath, type RawRequest, type RawResponse, type Send, send } from './send.ts'
import { type AccessKey, tokenHeaders, withTokenQuery } from './session-token.ts'

/** Where and as whom to call an object storage. */
export interface S3Target extends AccessKey {
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
  const { method, query = '', body = '', sign = 'v4', time = new Date(), expires = 900, largest } = ask
  const rawPath = endpointPath(endpoint) + ask.path
  const own: HeaderPair[] = [['host', new URL(endpoint).host], ...Object.entries(ask.headers ?? {})]
  const inHeaders = sign === 'v4' || sign === 'v2'
  const headers = inHeaders ? [...own, ...Object.entries(tokenHeaders(target))] : own
  const request = { method, endpoint, rawPath, rawQuery: query, headers, body, ...(largest && { largest }) }
  const signer = { ...target, region, service: 's3', time }
  const v2 = { ...request, rawPath: ask.bare ? ask.path : rawPath }
  switch (sign) {
    case 'none':
      return request
    case 'v4': {
      const payloadHash = ask.payloadHash ?? sha256(bytesOf(body))
      return { ...request, headers: signHeaders({ ...request, payloadHash }, signer).headers }
    }
    case 'v4-query': {
      const rawQuery = withTokenQuery(target, query, 'X-Amz-Security-Token')
      const payloadHash = ask.payloadHash ?? 'UNSIGNED-PAYLOAD'
      return { ...request, rawQuery: presign({ ...request, rawQuery, payloadHash }, signer, expires) }
    }
    case 'v2':
      return { ...request, headers: signS3Headers(v2, target, time) }
    case 'v2-query': {
      const until = new Date(time.getTime() + expires * 1000)
      const rawQuery = withTokenQuery(target, query, 'x-amz-security-token')
      return { ...request, rawQuery: presignS3({ ...v2, rawQuery }, target, until) }
    }
  }
}

/** What of a request a presigned URL holds: whoever has it may send just that, until it expires. */
export type Presigned = Pick<S3Request, 'method' | 'path' | 'query' | 'time' | 'expires' | 'bare'> & {
  readonly sign: 'v4-query' | 'v2-query'
}

/** The URL of a request that is signed in its query, as euca2ools write it into import manifests (version 2, `bare`). */
export function presignedUrl(target: S3Target, ask: Presigned): string {
  const { rawPath, rawQuery } = signed(target, ask)
  return `${new URL(target.endpoint).origin}${rawPath}?${rawQuery}`
}

/** Sends one S3 request, signed as asked, and returns whatever comes back; it never throws for a status. */
export function s3Request(target: S3Target, ask: S3Request): Promise<RawResponse> {
  const request = signed(target, ask)
  return (target.send ?? send)(ask.mutate ? ask.mutate(request) : request)
}
