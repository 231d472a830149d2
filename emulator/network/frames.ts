import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

/** The longest frame that a port may carry: an IPv4 packet of 65,535 bytes, its Ethernet header, one byte of grace. */
export const longestFrame = 65_550

const lengthBytes = 4
const noBytes = Buffer.alloc(0)
const batchBytes = 131_072
/** Buffers that a port keeps to be filled again. */
const spareBuffers = 4
/** What may wait for a guest that does not read; more is dropped, as by a switch whose queue is full. */
const queueBytes = 4 * 2 ** 20
/** From here on the router's own connections wait for the guest instead of filling its queue. */
const fullBytes = 256 * 1024

/**
 * Splits what QEMU's stream netdev sends (a length of 4 bytes, big-endian, before each frame) into frames, however the
 * chunks are cut. A frame is valid only during `deliver`. `refuse` is called once, with a length that no frame has;
 * what follows it is ignored.
 */
export function frameReader(
  deliver: (frame: Buffer) => void,
  refuse: (length: number) => void,
): (chunk: Buffer) => void {
  let held: Buffer | undefined
  let heldBytes = 0
  let refused = false
  // The bytes of the frame that begins at `at` (its length included), Infinity when it is no frame, or what is needed to know.
  const extent = (bytes: Buffer, at: number, available: number): number => {
    if (available < lengthBytes) return lengthBytes
    const length = bytes.readUInt32BE(at)
    if (length <= longestFrame) return lengthBytes + length
    refused = true
    refuse(length)
    return Number.POSITIVE_INFINITY
  }
  /** Completes the held frame from a chunk; returns how much of the chunk it took. */
  const complete = (chunk: Buffer, into: Buffer): number => {
    let taken = 0
    for (;;) {
      const wanted = extent(into, 0, heldBytes)
      if (refused) return chunk.length
      if (heldBytes >= lengthBytes && heldBytes === wanted) {
        heldBytes = 0
        deliver(into.subarray(lengthBytes, wanted))
        return taken
      }
      if (taken === chunk.length) return taken
      const copied = chunk.copy(into, heldBytes, taken, taken + wanted - heldBytes)
      heldBytes += copied
      taken += copied
    }
  }
  return (chunk) => {
    if (refused) return
    let at = heldBytes > 0 && held ? complete(chunk, held) : 0
    for (;;) {
      const available = chunk.length - at
      if (available === 0 || refused) return
      const wanted = extent(chunk, at, available)
      if (refused) return
      if (wanted > available || available < lengthBytes) {
        held ??= Buffer.allocUnsafe(lengthBytes + longestFrame)
        heldBytes = chunk.copy(held, 0, at)
        return
      }
      deliver(chunk.subarray(at + lengthBytes, at + wanted))
      at += wanted
    }
  }
}

/**
 * Sends frames to one port in batches: `reserve` says where in `buffer` to write the next frame, and all frames of one
 * turn of the event loop leave in one write. `buffer` is another one from time to time: look at it after `reserve`.
 */
export class FrameWriter {
  buffer: Buffer = Buffer.allocUnsafe(batchBytes)
  readonly #stream: Writable
  readonly #spare: Buffer[] = []
  /** Where the frames begin that were not written yet, and where they end. */
  #start = 0
  #used = 0

  constructor(stream: Writable) {
    this.#stream = stream
  }

  /** True when the guest reads too slowly for more; the stream's `drain` tells when it no longer does. */
  get full(): boolean {
    return this.#stream.writableLength + this.#used - this.#start > fullBytes
  }

  /** Where in `buffer` to write a frame of `length` bytes, all of them, at once. -1: the queue is full, the frame is lost. */
  reserve(length: number): number {
    const waiting = this.#stream.writableLength + this.#used - this.#start
    if (!this.#stream.writable || waiting + length > queueBytes) return -1
    if (this.#used + lengthBytes + length > batchBytes) this.#renew()
    if (this.#used === this.#start) queueMicrotask(() => this.#flush())
    this.buffer.writeUInt32BE(length, this.#used)
    const at = this.#used + lengthBytes
    this.#used = at + length
    return at
  }

  #flush(): void {
    const batch = this.buffer.subarray(this.#start, this.#used)
    this.#start = this.#used
    if (batch.length > 0 && this.#stream.writable) this.#stream.write(batch)
  }

  /** What was written belongs to the stream, so the next frames get another buffer: one that the kernel has copied. */
  #renew(): void {
    this.#flush()
    const written = this.buffer
    // Streams of other kinds may hand on the very bytes that they were given.
    if (this.#stream instanceof Socket && this.#stream.writable) {
      this.#stream.write(noBytes, (error) => {
        if (!error && this.#spare.length < spareBuffers) this.#spare.push(written)
      })
    }
    this.buffer = this.#spare.pop() ?? Buffer.allocUnsafe(batchBytes)
    this.#start = 0
    this.#used = 0
  }
}
