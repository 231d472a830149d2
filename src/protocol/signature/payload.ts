import { Readable } from 'node:stream'
import { ChunkDecoder } from './chunked.ts'
import type { HashPool } from './hash-pool.ts'
import { digestsOfNothing, judge, type PayloadDigests, sumsOf } from './payload-digests.ts'
import { payloadFault } from './payload-faults.ts'
import type { PayloadPlan } from './payload-plan.ts'
import { type PayloadSums, type Sum, sumsHere, sumsOnThreads } from './payload-sums.ts'
import { largestSmall, SmallPayload } from './small-payload.ts'

/** A verified body: it ends only if all that the plan says was true, else it errs with a Fault. */
export interface PayloadStream extends Readable {
  /** What was computed; throws before the stream has ended. */
  digests(): PayloadDigests
  /** To be called by a reader that is done with bytes it was given, if ever: they may change from then on. */
  recycle?(bytes: Buffer): void
  /** All bytes of a small body that nobody reads yet, without what a stream costs. Rejects with the Fault. */
  whole?(): Promise<Buffer>
}

/** From this length on, in bytes, a body is worth a thread. */
const leastThreaded = 2 ** 20

/** So many blocks of a large body wait to be stored. */
const mostUnread = 2

/**
 * Reads the source itself, event by event: a Transform between two pipes costs more than the hashes of a small body.
 */
class VerifiedPayload extends Readable implements PayloadStream {
  readonly #source: Readable
  readonly #plan: PayloadPlan
  readonly #sums: PayloadSums
  readonly #decoder: ChunkDecoder | undefined
  #length = 0
  #digests: PayloadDigests | undefined
  #isRead = false
  #isWhole = false

  constructor(source: Readable, plan: PayloadPlan, pool?: HashPool) {
    const isLarge = pool && (plan.length ?? 0) >= leastThreaded
    // Blocks are passed on one by one: else a reader that is late would get copies, joined.
    super(isLarge ? { objectMode: true, highWaterMark: mostUnread } : {})
    this.#source = source
    this.#plan = plan
    this.#sums = isLarge
      ? sumsOnThreads(pool, sumsOf(plan), this.#goOn, (error) => void this.destroy(error))
      : sumsHere(sumsOf(plan))
    this.#decoder = plan.chunks && new ChunkDecoder(plan.chunks)
    // Whoever reads is told of an error, also of one from before; a body that nobody reads yet takes no process down.
    this.on('error', () => undefined)
    source.on('error', this.#breakOff).on('close', this.#breakOff)
    if (source.destroyed && !source.readableEnded) this.#breakOff(source.errored)
  }

  digests(): PayloadDigests {
    if (!this.#digests) throw new Error('the digests of a body are asked for before it has ended')
    return this.#digests
  }

  recycle(bytes: Buffer): void {
    this.#sums.recycle(bytes)
  }

  override _read(): void {
    if (!this.#isRead) this.#source.on('data', this.#take).on('end', this.#end)
    else if (!this.#sums.isBehind) this.#source.resume()
    this.#isRead = true
  }

  readonly #take = (data: Buffer): void =>
    this.#attempt(() => {
      for (const piece of this.#decoder ? this.#decoder.push(data) : [data]) {
        this.#length += piece.length
        const { length } = this.#plan
        if (length !== undefined && this.#length > length) throw payloadFault('incomplete')
        for (const bytes of this.#sums.take(piece)) if (!this.push(bytes)) this.#source.pause()
        if (this.#sums.isBehind) this.#source.pause()
      }
    })

  /** The hashes have caught up. */
  readonly #goOn = (): void => {
    if (!this.#isWhole && this.readableLength < this.readableHighWaterMark) this.#source.resume()
  }

  readonly #end = (): void =>
    this.#attempt(() => {
      const trailers = this.#decoder ? this.#decoder.end() : new Map<string, string>()
      const { length } = this.#plan
      if (length !== undefined && this.#length !== length) throw payloadFault('incomplete')
      this.#isWhole = true
      for (const bytes of this.#sums.rest()) this.push(bytes)
      const sums = this.#sums.digests()
      if (!(sums instanceof Promise)) return this.#conclude(sums, trailers)
      sums.then(
        (all) => this.#attempt(() => this.#conclude(all, trailers)),
        (error: Error) => this.destroy(error),
      )
    })

  #conclude(sums: ReadonlyMap<Sum, Buffer>, trailers: ReadonlyMap<string, string>): void {
    if (this.destroyed) return
    this.#digests = judge(this.#plan, this.#length, sums, trailers)
    this.push(null)
  }

  /** The source errs, or closes before its end. */
  readonly #breakOff = (cause?: Error | null): void => {
    if (!this.#isWhole) this.destroy(payloadFault('incomplete', [], cause ? { cause } : {}))
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  /** The source is not destroyed, because the answer goes over its socket; what is left of it is read and dropped. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const source = this.#source
    this.#sums.drop()
    source.off('data', this.#take).off('end', this.#end).off('close', this.#breakOff).off('error', this.#breakOff)
    source.on('error', () => undefined).resume()
    done(error)
  }
}

/** The body of a request that has none. */
class NoPayload extends Readable implements PayloadStream {
  readonly #plan: PayloadPlan
  #digests: PayloadDigests | undefined

  constructor(plan: PayloadPlan) {
    super()
    this.#plan = plan
  }

  digests(): PayloadDigests {
    this.#digests ??= digestsOfNothing(this.#plan)
    return this.#digests
  }

  override _read(): void {
    try {
      this.digests()
      this.push(null)
    } catch (error) {
      this.destroy(error as Error)
    }
  }
}

/**
 * The body of a request, decoded and verified as it flows, in memory that does not depend on its size. It passes bytes
 * on before it knows that they are good: keep nothing of them unless the stream ended. Whatever is wrong destroys it
 * with a Fault (IncompleteBody, XAmzContentSHA256Mismatch, BadDigest, SignatureDoesNotMatch, …); the source survives.
 * `isEmpty` says that the source has no byte, not even of chunks, so that it need not be waited for.
 */
export function payloadStream(source: Readable, plan: PayloadPlan, isEmpty = false, pool?: HashPool): PayloadStream {
  if (isEmpty) return new NoPayload(plan)
  return plan.length !== undefined && plan.length <= largestSmall
    ? new SmallPayload(source, plan)
    : new VerifiedPayload(source, plan, pool)
}

/** Reads a whole small body, verified as by payloadStream. Throws MaxMessageLengthExceeded past `limit` bytes. */
export async function readPayload(source: Readable, plan: PayloadPlan, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of payloadStream(source, plan) as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limit) throw payloadFault('tooLarge')
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}
