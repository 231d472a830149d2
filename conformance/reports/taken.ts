import { shortened } from '../shortened.ts'
import type { Exchange, Headers } from './exchange.ts'
import type { KeptBytes } from './kept-bytes.ts'
import { isSecretHeader, secretsIn, strikeOut, struck } from './secrets.ts'

/** An exchange as it was on the wire, written down while it goes on. */
export interface Taken {
  /** By the clock of `performance.now()`. */
  readonly since: number
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: KeptBytes
  answer?: { readonly status: number; readonly headers: Headers; readonly body: KeptBytes }
  failure?: string
  milliseconds: number
  readonly cleanUp: boolean
}

function safeHeaders(headers: Headers, secrets: readonly string[]): Headers {
  return headers.map(([name, value]) => [name, isSecretHeader(name) ? struck : strikeOut(value, secrets)])
}

/** An exchange for readers, without these secrets; `began` is when its case did. */
export function exchangeOf(taken: Taken, began: number, secrets: readonly string[]): Exchange {
  const { since, method, url, headers, answer, failure, milliseconds, cleanUp } = taken
  const [body, answerBody] = [taken.body.shown(secrets), answer?.body.shown(secrets)]
  return {
    at: Math.round(since - began),
    method,
    url: shortened(strikeOut(url, secrets)),
    headers: safeHeaders(headers, secrets),
    ...(body && { body }),
    ...(answer && {
      answer: {
        status: answer.status,
        headers: safeHeaders(answer.headers, secrets),
        ...(answerBody && { body: answerBody }),
      },
    }),
    ...(failure !== undefined && { failure: shortened(strikeOut(failure, secrets)) }),
    milliseconds: Math.round(milliseconds),
    ...(cleanUp && { cleanUp: true }),
  }
}

/** What of an exchange may hold secrets. */
const textsOf = ({ url, headers, body, answer }: Taken): string[] => [
  url,
  ...[...headers, ...(answer?.headers ?? [])].map(([, value]) => value),
  body.latin1,
  answer?.body.latin1 ?? '',
]

/** The lasting secrets that an exchange shows by their names. */
export const secretsOf = (taken: Taken): string[] => [
  ...textsOf(taken).flatMap(secretsIn),
  ...[...taken.headers, ...(taken.answer?.headers ?? [])].flatMap(([name, value]) =>
    isSecretHeader(name) ? [value] : [],
  ),
]
