import type { Readable } from 'node:stream'

const slabBytes = 65_536

/** What arrived in order during a turn of the event loop, put together: whoever reads it gets few large pieces. */
export class Inbox {
  /** Bytes that wait to be taken. */
  length = 0
  #slab: Buffer = Buffer.alloc(0)
  #start = 0
  #end = 0
  #pieces: Buffer[] = []

  /** Copies bytes behind those that wait. */
  add(bytes: Buffer): void {
    this.length += bytes.length
    let taken = 0
    while (taken < bytes.length) {
      if (this.#end === this.#slab.length) this.#renew()
      const copied = bytes.copy(this.#slab, this.#end, taken)
      this.#end += copied
      taken += copied
    }
  }

  /** Gives what waits to a reader, in order; its bytes are never written again. */
  deliver(stream: Readable): void {
    if (this.length === 0) return
    this.#cut()
    this.length = 0
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) stream.push(piece)
  }

  #cut(): void {
    if (this.#start < this.#end) this.#pieces.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }

  #renew(): void {
    this.#cut()
    this.#slab = Buffer.allocUnsafe(slabBytes)
    this.#start = 0
    this.#end = 0
  }
}
