import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { bytesOf, type Send, send } from '../../src/client/send.ts'
import { fetchLimited } from '../limits.ts'
import type { Transport } from '../minio.ts'
import type { Headers } from './exchange.ts'
import { KeptBytes } from './kept-bytes.ts'
import type { Taken } from './taken.ts'

/** Opens the record of one request that is about to be sent. */
export type Take = (method: string, url: string, headers: Headers) => Taken

/** Writes down what came, or why nothing did; `body` grows while it is read. */
function answered(taken: Taken, status: number, headers: Headers): KeptBytes {
  taken.milliseconds = performance.now() - taken.since
  const body = new KeptBytes()
  taken.answer = { status, headers, body }
  return body
}

function failed(taken: Taken, error: unknown): void {
  taken.milliseconds = performance.now() - taken.since
  taken.failure = error instanceof Error ? error.message : String(error)
}

/** Sends as `send` does, on record. */
export const recordingSend =
  (take: Take): Send =>
  async (request) => {
    const { method, endpoint, rawPath, rawQuery, headers } = request
    const query = rawQuery === '' ? '' : `?${rawQuery}`
    const taken = take(method, `${new URL(endpoint).origin}${rawPath}${query}`, headers)
    taken.body.add(bytesOf(request.body))
    try {
      const response = await send(request)
      answered(taken, response.status, Object.entries(response.headers)).add(response.body)
      return response
    } catch (error) {
      failed(taken, error)
      throw error
    }
  }

/** Fetches as `fetch` does, on record. The answer is read to its end before it is given. */
export const recordingFetch =
  (take: Take): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init)
    const taken = take(request.method, request.url, [...request.headers])
    taken.body.add(new Uint8Array(await request.clone().arrayBuffer()))
    try {
      const response = await fetchLimited(request)
      const body = new Uint8Array(await response.clone().arrayBuffer())
      answered(taken, response.status, [...response.headers]).add(body)
      return response
    } catch (error) {
      failed(taken, error)
      throw error
    }
  }

/** Notes the bytes that are handed to a method of a stream, without a part in their flow. */
function tap(stream: object, name: string, body: KeptBytes): void {
  const methods = stream as Record<string, (...args: unknown[]) => unknown>
  const own = methods[name]
  if (own === undefined) return
  methods[name] = (...args) => {
    const [chunk, encoding] = args
    if (typeof chunk === 'string') body.add(Buffer.from(chunk, (encoding as BufferEncoding | undefined) ?? 'utf8'))
    else if (chunk instanceof Uint8Array) body.add(chunk)
    return own.apply(stream, args)
  }
}

const pairsOf = ({ rawHeaders }: IncomingMessage): Headers =>
  rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : []))

type OnResponse = (response: IncomingMessage) => void

/** Makes requests as Node's own modules do for minio-js, on record. */
export function recordingTransport(take: Take): Transport {
  const request = (options: RequestOptions, onResponse?: OnResponse): ClientRequest => {
    const start = options.protocol === 'https:' ? httpsRequest : httpRequest
    const { protocol = 'http:', method = 'GET', path = '/' } = options
    const outgoing = start(options, (response) => {
      tap(response, 'push', answered(taken, response.statusCode ?? 0, pairsOf(response)))
      response.once('close', () => {
        if (!response.complete) failed(taken, new Error('the answer was broken off'))
      })
      onResponse?.(response)
    })
    const headers = Object.entries(outgoing.getHeaders()).map(([name, value]) => [name, String(value)] as const)
    const taken = take(method, `${protocol}//${outgoing.getHeader('host')}${path}`, headers)
    for (const name of ['write', 'end']) tap(outgoing, name, taken.body)
    outgoing.once('error', (error) => failed(taken, error))
    return outgoing
  }
  return { request } as Transport
}
