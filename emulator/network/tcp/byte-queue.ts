const firstCapacity = 4096

/** Bytes that wait to be sent or acknowledged, in order: a ring that grows to `limit` bytes as it is used. */
export class ByteQueue {
  readonly #limit: number
  #ring: Buffer = Buffer.alloc(0)
  #start = 0
  #length = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get length(): number {
    return this.#length
  }

  /** Takes what fits of `chunk` from `from` on; returns how much that was. */
  append(chunk: Buffer, from: number): number {
    const taken = Math.min(chunk.length - from, this.#limit - this.#length)
    this.#grow(this.#length + taken)
    const at = (this.#start + this.#length) % Math.max(this.#ring.length, 1)
    const first = chunk.copy(this.#ring, at, from, from + taken)
    chunk.copy(this.#ring, 0, from + first, from + taken)
    this.#length += taken
    return taken
  }

  /** Copies `length` bytes that begin `offset` bytes after the first to `target` at `at`. */
  copyTo(target: Buffer, at: number, offset: number, length: number): void {
    if (length === 0) return
    const from = (this.#start + offset) % this.#ring.length
    const first = this.#ring.copy(target, at, from, Math.min(from + length, this.#ring.length))
    this.#ring.copy(target, at + first, 0, length - first)
  }

  /** Forgets the first `length` bytes. */
  drop(length: number): void {
    this.#length -= length
    this.#start = this.#length === 0 ? 0 : (this.#start + length) % this.#ring.length
  }

  #grow(wanted: number): void {
    if (wanted <= this.#ring.length) return
    let capacity = Math.max(this.#ring.length, firstCapacity)
    while (capacity < wanted) capacity *= 2
    const larger = Buffer.allocUnsafe(Math.min(capacity, this.#limit))
    this.copyTo(larger, 0, 0, this.#length)
    this.#ring = larger
    this.#start = 0
  }
}
