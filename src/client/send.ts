import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { HeaderPair } from '../protocol/signature/wire.ts'

/** One HTTP request, bit for bit: the path and query go out as given, which fetch does not promise. */
export interface RawRequest {
  readonly method: string
  /** Scheme, host and port; its path is not used. */
  readonly endpoint: string
  readonly rawPath: string
  /** Without the question mark. */
  readonly rawQuery: string
  readonly headers: readonly HeaderPair[]
  readonly body: string | Buffer
}

/** One HTTP response, its body read to the end. */
export interface RawResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Sends a request; the clients take another one for tests. Rejects when the connection fails. */
export type Send = (request: RawRequest) => Promise<RawResponse>

/** A silent server is given up after this many milliseconds. */
const patience = 120_000

async function read(response: IncomingMessage): Promise<RawResponse> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece)
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(pieces) }
}

/** Sends over HTTP or HTTPS with Node's own client. An empty body sends `content-length: 0` with PUT and POST. */
export const send: Send = ({ method, endpoint, rawPath, rawQuery, headers, body }) => {
  const url = new URL(endpoint)
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  const bytes = Buffer.from(body)
  const sized = bytes.length > 0 || method === 'PUT' || method === 'POST'
  const named = headers.some(([name]) => name.toLowerCase() === 'content-length')
  const all: HeaderPair[] = sized && !named ? [...headers, ['content-length', String(bytes.length)]] : [...headers]
  const path = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`
  const wire = all.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')])
  return new Promise((resolve, reject) => {
    const { hostname, port } = url
    const outgoing = start(
      { method, hostname: hostname.replace(/^\[|\]$/g, ''), port, path, headers: wire },
      (response) => read(response).then(resolve, reject),
    )
    outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`no answer from ${endpoint} in ${patience} ms`)))
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}

/** The path of an endpoint without a trailing slash: '' for a service at the root. */
export const endpointPath = (endpoint: string): string => new URL(endpoint).pathname.replace(/\/+$/, '')
