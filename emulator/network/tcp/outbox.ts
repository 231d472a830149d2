import { ByteQueue } from './byte-queue.ts'

/** Bytes that were written and are not acknowledged. */
const sendBytes = 512 * 1024

/** What a stream writes: as much as fits is queued, and the rest waits, so that the writer does too. */
export class Outbox {
  readonly queue: ByteQueue = new ByteQueue(sendBytes)
  #waiting: { chunk: Buffer; taken: number; done: () => void } | undefined

  /** Takes a chunk; calls `done` when all of it is queued. One at a time, as a stream does it. */
  write(chunk: Buffer, done: () => void): void {
    this.#waiting = { chunk, taken: 0, done }
    this.fill()
  }

  /** The queue may have room again. */
  fill(): void {
    const waiting = this.#waiting
    if (!waiting) return
    waiting.taken += this.queue.append(waiting.chunk, waiting.taken)
    if (waiting.taken < waiting.chunk.length) return
    this.#waiting = undefined
    waiting.done()
  }
}
