import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
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
  /** The address to connect to, where the endpoint's host has none; a certificate has to be of the endpoint's host still. */
  readonly address?: string
  /** The connection is broken off, and the request rejects, when the answer's body has more bytes. */
  readonly largest?: number
  /** Breaks the request off, whether it is waiting or being answered: it rejects with the reason. */
  readonly signal?: AbortSignal
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

/** A server sends more than anybody wants to hold in memory. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge'

  constructor(request: string, largest: number) {
    super(`the answer to ${request} has more than ${largest} bytes`)
  }
}

/** No buffer is made for more bytes than this because a server says that so many will come. */
const largestAtOnce = 64 * 1024 * 1024

/** A silent server is given up after this many milliseconds. */
const patience = 120_000

/** The body as it goes out; what is bytes already is not copied. */
export const bytesOf = (body: string | Buffer): Buffer => (typeof body === 'string' ? Buffer.from(body) : body)

async function read(response: IncomingMessage, asked: RawRequest): Promise<RawResponse> {
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
  const body = await readBody(response, Number(response.headers['content-length']), asked)
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body }
}

/** The whole body; where its length is told and is no more than `largest`, in one buffer that is filled as it comes. */
async function readBody(response: IncomingMessage, told: number, asked: RawRequest): Promise<Buffer> {
  const { method, endpoint, rawPath, largest = Infinity } = asked
  const whole = told <= Math.min(largest, largestAtOnce) ? Buffer.allocUnsafeSlow(told) : undefined
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    if (whole) piece.copy(whole, size)
    else pieces.push(piece)
    size += piece.length
    if (size > largest) throw new AnswerTooLarge(`${method} ${new URL(endpoint).origin}${rawPath}`, largest)
  }
  return whole?.subarray(0, size) ?? Buffer.concat(pieces)
}

/** Ends a request when the signal is aborted. */
function breakOff(outgoing: ClientRequest, signal: AbortSignal, reject: (reason: unknown) => void): void {
  const stop = () => {
    reject(signal.reason)
    outgoing.destroy()
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  outgoing.once('close', () => signal.removeEventListener('abort', stop))
}

/** Sends over HTTP or HTTPS with Node's own client. An empty body sends `content-length: 0` with PUT and POST. */
export const send: Send = (request) => {
  const { method, endpoint, rawPath, rawQuery, headers, body, address, signal } = request
  const url = new URL(endpoint)
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  const bytes = bytesOf(body)
  const sized = bytes.length > 0 || method === 'PUT' || method === 'POST'
  const named = headers.some(([name]) => name.toLowerCase() === 'content-length')
  const all: HeaderPair[] = sized && !named ? [...headers, ['content-length', String(bytes.length)]] : [...headers]
  const path = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`
  const wire = all.flatMap(([name, value]) => [name, Buffer.from(value).toString('latin1')])
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    // Node takes the name that a certificate has to have from the header of the host, and from a list of headers none.
    const servername = isIP(host) ? '' : host
    const outgoing = start(
      { method, hostname: address ?? host, servername, port: url.port, path, headers: wire },
      (response) => read(response, request).then(resolve, reject),
    )
    outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`no answer from ${endpoint} in ${patience} ms`)))
    outgoing.on('error', reject)
    if (signal) breakOff(outgoing, signal, reject)
    outgoing.end(bytes)
  })
}

/** The path of an endpoint without a trailing slash: '' for a service at the root. */
export const endpointPath = (endpoint: string): string => new URL(endpoint).pathname.replace(/\/+$/, '')
