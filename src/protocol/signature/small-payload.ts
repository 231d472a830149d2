import { Readable } from 'node:stream'
import { ChunkDecoder } from './chunked.ts'
import { digestsOf, type PayloadDigests } from './payload-digests.ts'
import { payloadFault } from './payload-faults.ts'
import type { PayloadPlan } from './payload-plan.ts'

/** The most bytes of a body that is read as a whole. */
export const largestSmall = 65_536

/**
 * A small body: its bytes are gathered and hashed at once. Reading it event by event through a stream and its iterator
 * costs several times as much as all of its hashes.
 */
export class SmallPayload extends Readable {
  readonly #source: Readable
  readonly #plan: PayloadPlan
  #digests: PayloadDigests | undefined
  #isTaken = false
  /** Rejects `whole`. */
  #giveUp: ((error: Error) => void) | undefined

  constructor(source: Readable, plan: PayloadPlan) {
    super()
    this.#source = source
    this.#plan = plan
  }

  digests(): PayloadDigests {
    if (!this.#digests) throw new Error('the digests of a body are asked for before it has ended')
    return this.#digests
  }

  /** All bytes; to be called once. Rejects with the Fault of a body that is not what was signed; the source survives. */
  whole(): Promise<Buffer> {
    this.#isTaken = true
    const [source, plan] = [this.#source, this.#plan]
    const decoder = plan.chunks && new ChunkDecoder(plan.chunks)
    const pieces: Buffer[] = []
    let size = 0
    return new Promise((resolve, reject) => {
      const detach = () => source.off('data', take).off('end', end).off('error', breakOff).off('close', breakOff)
      const attempt = (work: () => void) => {
        try {
          work()
        } catch (error) {
          detach()
          // The answer goes over its socket: what is left is read and dropped.
          source.on('error', () => undefined).resume()
          reject(error as Error)
        }
      }
      this.#giveUp = (error) =>
        attempt(() => {
          throw error
        })
      const take = (data: Buffer) =>
        attempt(() => {
          for (const piece of decoder ? decoder.push(data) : [data]) {
            pieces.push(piece)
            size += piece.length
            if (size > (plan.length ?? 0)) throw payloadFault('incomplete')
          }
        })
      const end = () =>
        attempt(() => {
          const trailers = decoder ? decoder.end() : new Map<string, string>()
          if (size !== plan.length) throw payloadFault('incomplete')
          const [first = Buffer.alloc(0), ...others] = pieces
          const bytes = others.length ? Buffer.concat(pieces, size) : first
          this.#digests = digestsOf(plan, bytes, trailers)
          detach()
          resolve(bytes)
        })
      const breakOff = (cause?: Error | null) =>
        attempt(() => {
          throw payloadFault('incomplete', [], cause ? { cause } : {})
        })
      if (source.destroyed && !source.readableEnded) return breakOff(source.errored)
      return source.on('data', take).on('end', end).on('error', breakOff).on('close', breakOff)
    })
  }

  override _read(): void {
    if (this.#isTaken) {
      this.push(null)
      return
    }
    this.whole().then(
      (bytes) => {
        this.push(bytes)
        this.push(null)
      },
      (error: Error) => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error) this.#giveUp?.(error)
    done(error)
  }
}
