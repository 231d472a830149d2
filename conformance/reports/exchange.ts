/** The headers of a message, as they were sent. */
export type Headers = readonly (readonly [name: string, value: string])[]

/**
 * The body of a message: its beginning as text where it is UTF-8 without control characters, else in base64; its length alone
 * where there was no room for it.
 */
export interface Body {
  /** Of the whole body. */
  readonly bytes: number
  readonly text?: string
  readonly base64?: string
}

/** One request on the wire and what came back, secrets struck out. */
export interface Exchange {
  /** Milliseconds since the case began. */
  readonly at: number
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body?: Body
  /** Left out when nothing came. */
  readonly answer?: { readonly status: number; readonly headers: Headers; readonly body?: Body }
  /** Why nothing came, or not all of it. */
  readonly failure?: string
  readonly milliseconds: number
  /** Whether it was sent to clear up after the case. */
  readonly cleanUp?: true
}

/** What a case has sent and received, in the order in which it was sent. */
export interface Transcript {
  readonly exchanges: readonly Exchange[]
  /** How many are missing in the middle, where a case has waited for long. */
  readonly leftOut: number
}

/** How many bytes of a body a transcript shows. */
export const shownBytes = 64 * 1024

const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** A body of `bytes` bytes for readers, of which `beginning` is what was kept; undefined for none. */
export function bodyOf(beginning: Buffer, bytes: number): Body | undefined {
  if (bytes === 0) return undefined
  const shown = beginning.subarray(0, shownBytes)
  // What was cut may end within a character, which is no reason to show all of it in base64.
  const text = new TextDecoder('utf-8').decode(shown, { stream: shown.length < bytes })
  if (control.test(text) || text.includes('\ufffd')) return { bytes, base64: shown.toString('base64') }
  return { bytes, text }
}

const lengthOf = (body: Body | undefined): number => (body?.text ?? body?.base64 ?? '').length
const lengthOfHeaders = (headers: Headers): number => headers.flat().reduce((sum, { length }) => sum + length, 0)

/** Takes from so much room as long as there is some. */
function roomOf(characters: number): (length: number) => boolean {
  let left = characters
  return (length) => {
    if (length > left) return false
    left -= length
    return true
  }
}

/**
 * Exchanges whose bodies have so many characters in all, and whose headers have as many: the last ones tell most, of those
 * before only the lengths of bodies are left.
 */
export function fitting(exchanges: readonly Exchange[], room: number): Exchange[] {
  const [fits, headersFit] = [roomOf(room), roomOf(room)]
  const bounded = <Message extends { readonly headers: Headers; readonly body?: Body }>(message: Message): Message => {
    const { headers, body } = message
    const kept = body && (fits(lengthOf(body)) ? body : { bytes: body.bytes })
    return { ...message, headers: headersFit(lengthOfHeaders(headers)) ? headers : [], ...(kept && { body: kept }) }
  }
  const fitted = exchanges.toReversed().map((one) => {
    const answer = one.answer && bounded(one.answer)
    return { ...bounded(one), ...(answer && { answer }) }
  })
  return fitted.reverse()
}

/** How many characters the bodies and headers of a transcript have. */
export const sizeOf = ({ exchanges }: Transcript): number =>
  exchanges
    .flatMap(({ answer, ...sent }) => [sent, ...(answer ? [answer] : [])])
    .reduce((sum, { headers, body }) => sum + lengthOf(body) + lengthOfHeaders(headers), 0)

/** The action of a query request, such as `DescribeInstances`; undefined for what is no query. */
export function actionOf({ url, body }: Pick<Exchange, 'url' | 'body'>): string | undefined {
  return /(?:^|[?&])Action=(\w+)/.exec(body?.text ?? url)?.[1]
}

/** What was asked, in a line: the method, the path with its query, and the action of a query service. */
export function askedLine({ method, url, body }: Pick<Exchange, 'method' | 'url' | 'body'>): string {
  const action = body && actionOf({ url, body })
  // Nothing is made of the URL: it may be one that no parser leaves as it is.
  return `${method} ${url.replace(/^\w+:\/\/[^/?]*/, '')}${action === undefined ? '' : ` ${action}`}`
}

/** What came, in a line: the status, the code of a refusal, and how long it took. */
export function cameLine({ answer, failure, milliseconds }: Exchange): string {
  const code = /<Code>([^<]{1,100})<\/Code>/.exec(answer?.body?.text ?? '')?.[1]
  if (!answer && failure === undefined) return 'nothing yet'
  const came = [answer && `${answer.status}`, code, failure].filter((word) => word !== undefined).join(' ')
  return `${came} after ${milliseconds.toFixed(0)} ms`
}

/** When an exchange was over, in milliseconds since the case began; one that nobody waited for never was. */
const endOf = ({ at, milliseconds, answer, failure }: Exchange): number =>
  answer || failure !== undefined ? at + milliseconds : -1

/**
 * The exchange of a case itself that was answered last: in one that failed, what came then was as a rule not what was
 * expected, also where requests were sent side by side.
 */
export const lastOf = ({ exchanges }: Transcript): Exchange | undefined =>
  exchanges
    .filter(({ cleanUp }) => !cleanUp)
    .reduce<Exchange | undefined>((last, one) => (last && endOf(last) > endOf(one) ? last : one), undefined)
