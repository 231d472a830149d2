import { advance, distance } from './sequence.ts'

/** Pieces that may wait for an earlier one: what a window of full segments holds. */
const heldPieces = 256

/** The receiving half of a connection: puts what arrives in order. */
export class Receiver {
  /** The next byte that is expected. */
  next: number
  /** True from when everything up to the peer's FIN has arrived. */
  finished = false
  #fin: number | undefined
  readonly #held: { sequence: number; bytes: Buffer }[] = []

  constructor(next: number) {
    this.next = next
  }

  /**
   * Takes a segment's bytes, of which those before `next` are known and those from `window` bytes on are refused.
   * Returns the bytes that are now in order; those of this segment are a view of its payload.
   */
  accept(sequence: number, payload: Buffer, fin: boolean, window: number): Buffer[] {
    const offset = distance(this.next, sequence)
    const known = Math.max(0, -offset)
    const room = Math.max(0, Math.min(payload.length, window - offset))
    if (fin && room === payload.length && !this.finished) this.#fin = advance(sequence, payload.length)
    const ready: Buffer[] = []
    if (known < room) {
      if (offset <= 0) this.#take(payload.subarray(known, room), ready)
      else this.#hold(sequence, payload.subarray(0, room))
    }
    this.#drain(ready)
    if (this.#fin === this.next && !this.finished) {
      this.finished = true
      this.next = advance(this.next, 1)
    }
    return ready
  }

  #take(bytes: Buffer, ready: Buffer[]): void {
    ready.push(bytes)
    this.next = advance(this.next, bytes.length)
  }

  #hold(sequence: number, bytes: Buffer): void {
    if (this.#held.length >= heldPieces) return
    // Almost always the last: pieces arrive in order after the one that was lost.
    let index = this.#held.length
    while (index > 0 && distance(this.#held[index - 1]?.sequence ?? 0, sequence) < 0) index -= 1
    const before = this.#held[index - 1]
    const covered = before !== undefined && distance(sequence, advance(before.sequence, before.bytes.length))
    if (covered !== false && covered >= bytes.length) return
    this.#held.splice(index, 0, { sequence, bytes: Buffer.from(bytes) })
  }

  #drain(ready: Buffer[]): void {
    for (;;) {
      const first = this.#held[0]
      if (!first) return
      const known = distance(first.sequence, this.next)
      if (known < 0) return
      this.#held.shift()
      if (known < first.bytes.length) this.#take(first.bytes.subarray(known), ready)
    }
  }
}
