import { blockSize } from './block-memory.ts'
import { type Checksum, type ChecksumAlgorithm, startChecksum } from './checksums.ts'
import type { Block, HashPool, ThreadedHashes } from './hash-pool.ts'
import type { ThreadedHash } from './hash-worker.ts'

/** What is computed over a body. */
export type Sum = ChecksumAlgorithm | 'md5'

/** The sums of a body on its way. */
export interface PayloadSums {
  /** Takes bytes; returns those that can be passed on. */
  take(piece: Buffer): Buffer[]
  /** What was taken and not passed on yet; nothing is taken after it. */
  rest(): Buffer[]
  /** Whether no bytes should be taken until `onCaughtUp`. */
  readonly isBehind: boolean
  digests(): ReadonlyMap<Sum, Buffer> | Promise<ReadonlyMap<Sum, Buffer>>
  /** To be called by whoever is done with bytes that were passed on: they may change from then on. */
  recycle(bytes: Buffer): void
  /** To be called when nobody wants the sums any more. */
  drop(): void
}

/** Sums on this thread: what is right for a small body. */
export function sumsHere(wanted: readonly Sum[]): PayloadSums {
  const sums = wanted.map((name): [Sum, Checksum] => [name, startChecksum(name)])
  return {
    take(piece) {
      for (const [, sum] of sums) sum.update(piece)
      return [piece]
    },
    rest: () => [],
    isBehind: false,
    digests: () => new Map(sums.map(([name, sum]) => [name, sum.digest()])),
    recycle() {},
    drop() {},
  }
}

/** So many blocks of a body wait for their hashes before its sender has to. */
const mostWaiting = 6

const isThreaded = (name: Sum): name is ThreadedHash => name === 'md5' || name === 'sha1' || name === 'sha256'

/**
 * Sums of a large body: hashes on threads of the pool, CRCs here. The bytes are gathered to blocks that all threads
 * see, which are stored with fewer and larger writes as well.
 */
class SumsOnThreads implements PayloadSums {
  readonly #pool: HashPool
  readonly #here: PayloadSums
  readonly #names: readonly ThreadedHash[]
  readonly #hashes: ThreadedHashes
  readonly #passedOn = new WeakMap<Buffer, Block>()
  #block: Block | undefined
  #filled = 0

  constructor(pool: HashPool, wanted: readonly Sum[], onCaughtUp: () => void, onError: (error: Error) => void) {
    this.#pool = pool
    this.#names = wanted.filter(isThreaded)
    this.#here = sumsHere(wanted.filter((name) => !isThreaded(name)))
    this.#hashes = pool.start(this.#names, () => this.isBehind || onCaughtUp(), onError)
  }

  get isBehind(): boolean {
    return this.#hashes.waiting >= mostWaiting
  }

  take(piece: Buffer): Buffer[] {
    const full: Buffer[] = []
    for (let at = 0; at < piece.length; ) {
      this.#block ??= this.#pool.take()
      const copied = piece.copy(this.#block.bytes, this.#filled, at)
      at += copied
      this.#filled += copied
      if (this.#filled === blockSize) full.push(...this.rest())
    }
    return full
  }

  rest(): Buffer[] {
    const block = this.#block
    if (!block) return []
    const bytes = block.bytes.subarray(0, this.#filled)
    this.#hashes.update(block, this.#filled)
    this.#here.take(bytes)
    this.#passedOn.set(bytes, block)
    this.#block = undefined
    this.#filled = 0
    return [bytes]
  }

  async digests(): Promise<ReadonlyMap<Sum, Buffer>> {
    const hashes = await this.#hashes.digests()
    const threaded = this.#names.map((name, index): [Sum, Buffer] => [name, hashes[index] ?? Buffer.alloc(0)])
    return new Map([...threaded, ...(await this.#here.digests())])
  }

  recycle(bytes: Buffer): void {
    const block = this.#passedOn.get(bytes)
    if (!block) return
    this.#passedOn.delete(bytes)
    this.#pool.letGo(block)
  }

  drop(): void {
    this.#hashes.drop()
  }
}

/** Sums on the pool's threads; `onError` is told when one of them ends. */
export const sumsOnThreads = (
  pool: HashPool,
  wanted: readonly Sum[],
  onCaughtUp: () => void,
  onError: (error: Error) => void,
): PayloadSums => new SumsOnThreads(pool, wanted, onCaughtUp, onError)
