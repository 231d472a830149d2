import { createHash, type Hash } from 'node:crypto'
import { payloadFault } from './payload-faults.ts'
import { algorithm, type Scope, scopeText, sha256, signature } from './sigv4.ts'
import { equalSecrets } from './wire.ts'

/** What each chunk's signature builds on: the key and scope of the request, and its own signature as the seed. */
export interface SignatureChain {
  readonly key: Buffer
  /** As amzDate writes it. */
  readonly timestamp: string
  readonly scope: Scope
  readonly seed: string
}

/** How a body in `aws-chunked` is to be read. */
export interface ChunkPlan {
  /** Absent when the chunks are not signed. */
  readonly chain?: SignatureChain
  /** The names that x-amz-trailer declares, lower case; empty when no trailer may follow. */
  readonly trailers: readonly string[]
  /** x-amz-decoded-content-length, in bytes. */
  readonly length: number
}

const empty = sha256('')
/** A chunk's header is 16 hex digits, `;chunk-signature=` and 64 more; this leaves room for extensions. */
const longestHeader = 256
const longestTrailer = 4096

/** The signature of a chunk, given the one before it and the hex SHA-256 of the chunk's bytes. */
export const chunkSignature = ({ key, timestamp, scope }: SignatureChain, previous: string, hash: string): string =>
  signature(key, `${algorithm}-PAYLOAD\n${timestamp}\n${scopeText(scope)}\n${previous}\n${empty}\n${hash}`)

/** The signature of the trailer, given that of the last chunk and the trailers as `name:value\n` each. */
export const trailerSignature = ({ key, timestamp, scope }: SignatureChain, previous: string, lines: string): string =>
  signature(key, `AWS4-HMAC-SHA256-TRAILER\n${timestamp}\n${scopeText(scope)}\n${previous}\n${sha256(lines)}`)

/**
 * Takes an `aws-chunked` body apart, piece by piece in constant memory. A chunk's bytes go out as they come, its
 * signature is checked at its end: whoever takes them must keep nothing unless `end` returned. Throws Fault.
 */
export class ChunkDecoder {
  readonly #plan: ChunkPlan
  #state: 'header' | 'data' | 'gap' | 'trailer' = 'header'
  /** A header line, the gap after a chunk or the trailer, as far as it has come (latin1). */
  #text = ''
  #left = 0
  #total = 0
  #claimed = ''
  #previous: string
  #hash: Hash = createHash('sha256')

  constructor(plan: ChunkPlan) {
    this.#plan = plan
    this.#previous = plan.chain?.seed ?? ''
  }

  /** Takes wire bytes; returns the decoded ones among them (views, not copies). */
  push(data: Buffer): Buffer[] {
    const out: Buffer[] = []
    let at = 0
    while (at < data.length) {
      if (this.#state === 'data') {
        const piece = data.subarray(at, at + this.#left)
        at += piece.length
        this.#take(piece)
        out.push(piece)
      } else if (this.#state === 'trailer') {
        this.#text += data.toString('latin1', at)
        if (this.#text.length > longestTrailer) throw payloadFault('badTrailer')
        at = data.length
      } else at = this.#line(data, at)
    }
    return out
  }

  /** To be called once the wire bytes have ended. Returns the trailers, verified, by lower-case name. */
  end(): Map<string, string> {
    if (this.#state !== 'trailer' || this.#total !== this.#plan.length) throw payloadFault('incomplete')
    if (!this.#text.endsWith('\n')) throw payloadFault('incomplete')
    const trailers = this.#parseTrailers()
    const claimed = trailers.get('x-amz-trailer-signature')
    trailers.delete('x-amz-trailer-signature')
    const declared = new Set(this.#plan.trailers)
    if (trailers.size !== declared.size || [...trailers.keys()].some((name) => !declared.has(name)))
      throw payloadFault('badTrailer')
    this.#verifyTrailers(trailers, claimed)
    return trailers
  }

  #take(piece: Buffer): void {
    if (this.#plan.chain) this.#hash.update(piece)
    this.#left -= piece.length
    if (this.#left > 0) return
    this.#verifyChunk()
    this.#state = 'gap'
  }

  #line(data: Buffer, from: number): number {
    const end = data.indexOf(10, from)
    const to = end < 0 ? data.length : end + 1
    this.#text += data.toString('latin1', from, Math.min(to, from + longestHeader + 1))
    if (this.#text.length > longestHeader) throw payloadFault('badChunk', ['a chunk header is too long'])
    if (end < 0) return to
    const line = this.#text
    this.#text = ''
    if (!line.endsWith('\r\n')) throw payloadFault('badChunk', ['a line does not end in CR LF'])
    if (this.#state === 'header') this.#open(line.slice(0, -2))
    else if (line !== '\r\n') throw payloadFault('badChunk', ['a chunk is longer than its header says'])
    else this.#state = 'header'
    return to
  }

  #open(header: string): void {
    const match = /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(header)
    if (!match) throw payloadFault('badChunk', ['a chunk header cannot be read'])
    if (this.#plan.chain && !match[2]) throw payloadFault('signature')
    this.#left = Number.parseInt(match[1] ?? '', 16)
    this.#total += this.#left
    if (this.#total > this.#plan.length) throw payloadFault('incomplete')
    this.#claimed = match[2] ?? ''
    if (this.#left > 0) {
      this.#state = 'data'
      return
    }
    this.#verifyChunk()
    this.#state = 'trailer'
  }

  #verifyChunk(): void {
    if (!this.#plan.chain) return
    const expected = chunkSignature(this.#plan.chain, this.#previous, this.#hash.digest('hex'))
    if (!equalSecrets(expected, this.#claimed)) throw payloadFault('signature')
    this.#previous = expected
    this.#hash = createHash('sha256')
  }

  /** Lines may end in LF, and blank ones may stand between them: released clients write both. */
  #parseTrailers(): Map<string, string> {
    const trailers = new Map<string, string>()
    for (const line of this.#text.split(/\r?\n/)) {
      if (line === '') continue
      const match = /^([A-Za-z0-9-]+):[ \t]*([\x21-\x7e]*)[ \t]*$/.exec(line)
      const name = match?.[1]?.toLowerCase()
      if (!match || name === undefined || trailers.has(name)) throw payloadFault('badTrailer')
      trailers.set(name, match[2] ?? '')
    }
    return trailers
  }

  #verifyTrailers(trailers: Map<string, string>, claimed: string | undefined): void {
    if (!this.#plan.chain || this.#plan.trailers.length === 0) {
      if (claimed !== undefined) throw payloadFault('badTrailer')
      return
    }
    const names = [...trailers.keys()].sort()
    const lines = names.map((name) => `${name}:${trailers.get(name)}\n`).join('')
    const expected = trailerSignature(this.#plan.chain, this.#previous, lines)
    if (claimed === undefined || !equalSecrets(expected, claimed)) throw payloadFault('signature')
  }
}
