import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { AnswerTooLarge } from '../src/client/send.ts'
import type { Case } from './case.ts'
import type { Wire } from './clients.ts'
import type { Transport } from './minio.ts'
import type { Target } from './target.ts'

/** It was given up: nobody knows what is still under way. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}

/**
 * So many seconds a case may take, and as many its clean-up: far more than it needs, as it waits for nothing without a limit of
 * its own. It is for a cloud that always says that there is more, or that sends one byte a minute.
 */
export const limitOf = ({ seconds }: Pick<Case, 'seconds'>, { timeScale }: Pick<Target, 'timeScale'>): number =>
  (300 + 10 * seconds) * timeScale

/** So many seconds a request may take, to the last byte of its answer. */
export const requestLimitOf = ({ timeScale }: Pick<Target, 'timeScale'>): number => 180 * timeScale

/** Timers know no longer waits: some 24 days. */
const longestWait = 2 ** 31 - 1
const millisecondsOf = (seconds: number): number => Math.min(seconds * 1000, longestWait)

/** What work gives; when the seconds are over before that, what `late` makes of an error that says so. */
export async function within<Result>(
  seconds: number,
  what: string,
  work: Promise<Result>,
  late: (error: GivenUp) => Result,
): Promise<Result> {
  const ended = new AbortController()
  const { signal } = ended
  const message = `${what} did not end within ${Math.ceil(seconds)} seconds`
  const over = pause(millisecondsOf(seconds), undefined, { signal }).then(() => late(new GivenUp(message)))
  try {
    return await Promise.race([work, over])
  } finally {
    ended.abort()
    await over.catch(() => undefined)
  }
}

/** A cloud that says after so many pages of a listing that there is more would say so for ever. */
export const mostPages = 1000

/**
 * Bytes that an answer may have: it is held in memory. The largest that a case reads are parts of bundles and objects of some
 * 10 MiB; a cloud that sends without end is told from one that has much to say.
 */
export const largestAnswer = 64 * 2 ** 20

/** Counts the pieces of an answer: an error once they have too many bytes. */
function sizeCheck(request: string): (piece: Uint8Array | null) => Error | undefined {
  let bytes = 0
  return (piece) => {
    bytes += piece?.length ?? 0
    return bytes > largestAnswer ? new AnswerTooLarge(request, largestAnswer) : undefined
  }
}

/** Fetches as `fetch` does, and no more of an answer than that. */
export const fetchLimited: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const { origin, pathname } = new URL(response.url)
  const check = sizeCheck(origin + pathname)
  const body = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, into) {
        const error = check(piece)
        if (error) into.error(error)
        else into.enqueue(piece)
      },
    }),
  )
  return body ? new Response(body, response) : response
}

/** Breaks off an answer that somebody else reads, when it gets too large. */
function limitSize(response: IncomingMessage, request: string): void {
  const check = sizeCheck(request)
  const { push } = response
  response.push = (piece, encoding) => {
    const error = check(piece)
    if (!error) return push.call(response, piece, encoding)
    response.destroy(error)
    return false
  }
}

/** A wire with a gate. */
export interface Line {
  readonly wire: Wire
  /** Breaks off what is under way, and lets nothing out any more: a case that was given up comes to its end so. */
  shut(): void
  /** Lets requests out again. */
  open(): void
}

/** What is told of the requests of a line. */
export interface LineOptions {
  /** That each may take. */
  readonly seconds: number
  /** Told of each request that may have changed something without anybody hearing of it: its answer was lost, or a 5xx. */
  readonly onLost?: (request: string) => void
}

/** Nothing has reached a cloud that could not be connected to. */
const unconnected = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/

function wasConnected(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  if ('code' in error && unconnected.test(String(error.code))) return false
  return error.cause === undefined || wasConnected(error.cause)
}

/** One request that is under way. */
interface Begun {
  /** Aborted when it has taken too long, or the line is shut. */
  readonly signal: AbortSignal
  answered(status: number): void
  failed(error?: unknown): void
  /** To be called at its end. */
  done(): void
}

/** Begins a request that reads or changes what is at a URL, whose query may be secret. */
type Begin = (method: string, url: string) => Begun

function begun(gate: AbortSignal, request: string, { seconds, onLost }: LineOptions): Begun {
  const late = new AbortController()
  const message = `${request} was not answered within ${Math.ceil(seconds)} seconds`
  const timer = setTimeout(() => late.abort(new GivenUp(message)), millisecondsOf(seconds))
  const signal = AbortSignal.any([gate, late.signal])
  let isTold = /^(?:GET|HEAD) /.test(request)
  const lost = () => {
    if (!isTold) onLost?.(request)
    isTold = true
  }
  signal.addEventListener('abort', lost, { once: true })
  return {
    signal,
    // 501 is a refusal.
    answered: (status) => (status >= 500 && status !== 501 ? lost() : undefined),
    failed: (error) => (wasConnected(error) ? lost() : undefined),
    done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', lost)
    },
  }
}

/** Asks for an answer that comes whole. */
async function asked<Answer extends { readonly status: number }>(
  { signal, answered, failed, done }: Begun,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await ask(signal)
    answered(answer.status)
    return answer
  } catch (error) {
    failed(error)
    throw error
  } finally {
    done()
  }
}

/** A transport whose requests begin and end so. */
function limitedTransport(transport: Transport, begin: Begin): Transport {
  const request = (options: RequestOptions, ...more: [never]) => {
    const { method = 'GET', host, path = '/' } = options
    const url = `${host}${path}`
    const { signal, answered, failed, done } = begin(method, url)
    const outgoing: ClientRequest = transport.request(options, ...more)
    const stop = () => outgoing.destroy(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    outgoing.once('error', failed)
    outgoing.once('response', (response) => {
      answered(response.statusCode ?? 0)
      limitSize(response, `${method} ${url.replace(/\?.*/s, '')}`)
      response.once('close', () => response.complete || failed())
    })
    outgoing.once('close', () => {
      done()
      signal.removeEventListener('abort', stop)
    })
    return outgoing
  }
  return { ...transport, request } as Transport
}

/** The same wire, whose requests have a time limit and a limit of what is answered, and can be broken off. */
export function limited({ send, transport, fetch }: Wire, options: LineOptions): Line {
  let gate = new AbortController()
  const begin: Begin = (method, url) => {
    gate.signal.throwIfAborted()
    return begun(gate.signal, `${method} ${url.replace(/\?.*/s, '')}`, options)
  }
  const wire: Wire = {
    send: async (request) => {
      const { method, endpoint, rawPath } = request
      return asked(begin(method, new URL(endpoint).origin + rawPath), (signal) =>
        send({ largest: largestAnswer, ...request, signal }),
      )
    },
    transport: limitedTransport(transport, begin),
    fetch: async (input, init) => {
      const { method, url } = input instanceof Request ? input : { method: 'GET', url: String(input) }
      return asked(begin(init?.method ?? method, url), async (signal) => {
        const answer = await fetch(input, { ...init, signal })
        // Its last byte is within the limit, too.
        await answer.clone().arrayBuffer()
        return answer
      })
    },
  }
  return {
    wire,
    shut: () => gate.abort(new GivenUp('the case was given up')),
    open: () => {
      gate = new AbortController()
    },
  }
}
