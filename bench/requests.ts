import { createHash } from 'node:crypto'
import { type Credentials, signHeaders } from '../src/protocol/signature/sigv4.ts'
import type { WireRequest } from './wire.ts'

/** Where requests go and who signs them. */
export interface Endpoint extends Credentials {
  readonly port: number
  readonly region: string
}

/** A request to build. */
export interface Wanted {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Begins with a slash; without characters that need encoding. */
  readonly path: string
  /** In canonical form: sorted, encoded. */
  readonly query?: string
  readonly body?: Body
  readonly expects: number
}

/** Bytes to send, hashed once for many requests. */
export interface Body {
  readonly bytes: Buffer
  readonly sha256: string
}

export const bodyOf = (bytes: Buffer): Body => ({ bytes, sha256: createHash('sha256').update(bytes).digest('hex') })
const noBody = bodyOf(Buffer.alloc(0))

/** What is written together with the head: one packet for small requests. */
const largestJoined = 64 * 1024

/** Builds a request with a version 4 signature over its body's hash, ready to be sent: signing is not measured. */
export function build({ port, region, ...credentials }: Endpoint, wanted: Wanted): WireRequest {
  const { method, path, query = '', body = noBody, expects } = wanted
  const host = `127.0.0.1:${port}`
  const { headers } = signHeaders(
    { method, rawPath: path, rawQuery: query, headers: [['host', host]], payloadHash: body.sha256 },
    { ...credentials, region, service: 's3', time: new Date() },
  )
  const hasBody = method === 'PUT' || method === 'POST'
  const all = hasBody ? [...headers, ['content-length', String(body.bytes.length)] as const] : headers
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${path}${query && `?${query}`} HTTP/1.1\r\n${lines}\r\n`, 'latin1')
  const shared = { expects, isHead: method === 'HEAD' }
  if (body.bytes.length > largestJoined) return { ...shared, head, body: body.bytes }
  return { ...shared, head: Buffer.concat([head, body.bytes]) }
}
