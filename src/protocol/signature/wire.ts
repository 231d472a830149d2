import { createHash, timingSafeEqual } from 'node:crypto'

/** A header as it came over the wire: Node's `rawHeaders` in pairs, so each character of the value is one byte. */
export type HeaderPair = readonly [name: string, value: string]

/** What is signed of a request, exactly as on the wire: the path and the query still percent-encoded. */
export interface WireRequest {
  readonly method: string
  readonly rawPath: string
  /** Without the question mark; empty when there is none. */
  readonly rawQuery: string
  readonly headers: readonly HeaderPair[]
}

/**
 * Undoes percent-encoding. The result has one character a byte (latin1): bytes that are not UTF-8 survive, so two
 * different requests never look alike. A `%` without two hex digits stays.
 */
export function decodeBytes(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Percent-encodes bytes (one character each) as AWS signs them: all but the unreserved of RFC 3986. */
export function encodeBytes(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9\-._~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Text as UTF-8 with one character a byte, the form in which all signed text is kept here. */
export const toBytes = (text: string): string => Buffer.from(text).toString('latin1')

/** The text behind bytes from toBytes or decodeBytes. */
export const toText = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()

/** The decoded parameters of a query in wire order, names and values as bytes. A plus is a space, as servers read it. */
export function queryPairs(rawQuery: string): readonly (readonly [name: string, value: string])[] {
  // All that check a request look at its query.
  if (rawQuery !== lastRead.rawQuery) lastRead = { rawQuery, pairs: readPairs(rawQuery) }
  return lastRead.pairs
}

let lastRead: { rawQuery: string; pairs: readonly (readonly [name: string, value: string])[] } = {
  rawQuery: '',
  pairs: [],
}

function readPairs(rawQuery: string): [name: string, value: string][] {
  const decode = (text: string) => decodeBytes(text.replaceAll('+', ' '))
  return rawQuery
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      return equals < 0 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))]
    })
}

const isNamed = (pair: HeaderPair, name: string): boolean =>
  // Most names are in lower case already; every request looks at each of its headers some twenty times.
  pair[0] === name || (pair[0].length === name.length && pair[0].toLowerCase() === name)

/** All values of a header, in wire order; the name in lower case. */
export function headerValues(headers: readonly HeaderPair[], name: string): string[] {
  const values: string[] = []
  for (const pair of headers) if (isNamed(pair, name)) values.push(pair[1])
  return values
}

/** The first value of a header, or undefined. Callers that verify refuse repeats beforehand. */
export function headerValue(headers: readonly HeaderPair[], name: string): string | undefined {
  for (const pair of headers) if (isNamed(pair, name)) return pair[1]
  return undefined
}

/** Compares two secrets in a time that does not depend on where they differ, nor on their lengths. */
export function equalSecrets(a: string, b: string): boolean {
  // Signatures of one kind have one length, which is no secret; then the texts themselves can be compared.
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  if (one.length === other.length) return timingSafeEqual(one, other)
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(one), digest(other))
}
