import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Checksum, type ChecksumAlgorithm, startChecksum } from './checksums.ts'
import { ChunkDecoder } from './chunked.ts'
import { payloadFault } from './payload-faults.ts'
import { isChecksum, type PayloadPlan } from './payload-plan.ts'
import { equalSecrets } from './wire.ts'

/** What was computed over a body. */
export interface PayloadDigests {
  /** Decoded bytes. */
  readonly length: number
  /** Hex; the ETag of an object is made of it. */
  readonly md5: string
  /** Hex; present when the request named it. */
  readonly sha256?: string
  /** Base64; present when the request asked for a checksum. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
}

/** A verified body: it ends only if all that the plan says was true, else it errs with a Fault. */
export interface PayloadStream extends Readable {
  /** What was computed; throws before the stream has ended. */
  digests(): PayloadDigests
}

/** Computes all digests of a plan, each once, and compares them at the end. */
class Verifier {
  readonly #plan: PayloadPlan
  readonly #sums: Map<ChecksumAlgorithm | 'md5', Checksum>
  #length = 0

  constructor(plan: PayloadPlan) {
    this.#plan = plan
    const wanted = new Set<ChecksumAlgorithm | 'md5'>(['md5'])
    if (plan.sha256 !== undefined) wanted.add('sha256')
    if (plan.checksum) wanted.add(plan.checksum.algorithm)
    this.#sums = new Map([...wanted].map((algorithm) => [algorithm, startChecksum(algorithm)]))
  }

  update(data: Buffer): void {
    this.#length += data.length
    if (this.#plan.length !== undefined && this.#length > this.#plan.length) throw payloadFault('incomplete')
    for (const sum of this.#sums.values()) sum.update(data)
  }

  end(trailers: ReadonlyMap<string, string>): PayloadDigests {
    const { length, sha256, md5, checksum } = this.#plan
    if (length !== undefined && this.#length !== length) throw payloadFault('incomplete')
    const sums = new Map([...this.#sums].map(([algorithm, sum]) => [algorithm, sum.digest()]))
    const computed = { md5: sums.get('md5')?.toString('hex') ?? '', sha256: sums.get('sha256')?.toString('hex') }
    if (sha256 !== undefined && !equalSecrets(sha256, computed.sha256 ?? '')) {
      const fields = { ClientComputedContentSHA256: sha256, S3ComputedContentSHA256: computed.sha256 ?? '' }
      throw payloadFault('sha256', [], { fields })
    }
    if (md5 !== undefined && md5 !== computed.md5) throw payloadFault('md5')
    const result = {
      length: this.#length,
      md5: computed.md5,
      ...(computed.sha256 === undefined ? {} : { sha256: computed.sha256 }),
    }
    if (!checksum) return result
    const { algorithm } = checksum
    const expected = checksum.value ?? trailers.get(`x-amz-checksum-${algorithm}`) ?? ''
    if (!isChecksum(algorithm, expected)) throw payloadFault('badChecksum', [`x-amz-checksum-${algorithm}`])
    const value = sums.get(algorithm)?.toString('base64') ?? ''
    if (value !== expected) throw payloadFault('checksum', [algorithm.toUpperCase()])
    return { ...result, checksum: { algorithm, value } }
  }
}

/**
 * Reads the source itself, event by event: a Transform between two pipes costs more than the hashes of a small body.
 */
class VerifiedPayload extends Readable implements PayloadStream {
  readonly #source: Readable
  readonly #verifier: Verifier
  readonly #decoder: ChunkDecoder | undefined
  #digests: PayloadDigests | undefined
  #isRead = false

  constructor(source: Readable, plan: PayloadPlan) {
    super()
    this.#source = source
    this.#verifier = new Verifier(plan)
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

  override _read(): void {
    if (this.#isRead) this.#source.resume()
    else this.#source.on('data', this.#take).on('end', this.#end)
    this.#isRead = true
  }

  readonly #take = (data: Buffer): void =>
    this.#attempt(() => {
      for (const piece of this.#decoder ? this.#decoder.push(data) : [data]) {
        this.#verifier.update(piece)
        if (!this.push(piece)) this.#source.pause()
      }
    })

  readonly #end = (): void =>
    this.#attempt(() => {
      this.#digests = this.#verifier.end(this.#decoder ? this.#decoder.end() : new Map())
      this.push(null)
    })

  /** The source errs, or closes before its end. */
  readonly #breakOff = (cause?: Error | null): void => {
    if (!this.#digests) this.destroy(payloadFault('incomplete', [], cause ? { cause } : {}))
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
    source.off('data', this.#take).off('end', this.#end).off('close', this.#breakOff).off('error', this.#breakOff)
    source.on('error', () => undefined).resume()
    done(error)
  }
}

const emptyMd5 = createHash('md5').digest('hex')
const emptySha256 = createHash('sha256').digest('hex')

/** The body of a request that has none: it is judged all the same, by what was signed of it. */
class NoPayload extends Readable implements PayloadStream {
  readonly #plan: PayloadPlan
  #digests: PayloadDigests | undefined

  constructor(plan: PayloadPlan) {
    super()
    this.#plan = plan
  }

  digests(): PayloadDigests {
    const { sha256, md5, checksum, length } = this.#plan
    const isPlain = md5 === undefined && !checksum && !length && (sha256 ?? emptySha256) === emptySha256
    this.#digests ??= isPlain
      ? { length: 0, md5: emptyMd5, ...(sha256 !== undefined && { sha256 }) }
      : new Verifier(this.#plan).end(new Map())
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
export function payloadStream(source: Readable, plan: PayloadPlan, isEmpty = false): PayloadStream {
  return isEmpty ? new NoPayload(plan) : new VerifiedPayload(source, plan)
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
