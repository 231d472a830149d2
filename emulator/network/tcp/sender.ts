import type { Clock } from '../../state/clock.ts'
import type { ByteQueue } from './byte-queue.ts'
import { RoundTrip } from './round-trip.ts'
import { flags, has, type Segment } from './segment.ts'
import { advance, distance } from './sequence.ts'

/** Acknowledgments for the same byte after which the segment behind it counts as lost (RFC 5681). */
const duplicates = 3

/** Sends `length` bytes of the queue from `offset` on as `sequence`, with `bits` as further flags. False: not now. */
export type Transmit = (sequence: number, bits: number, offset: number, length: number) => boolean

/**
 * The sending half of a connection: what is in flight, what the peer has room for, what was lost. The link of an
 * instance loses nothing but what its own queue cannot hold, so the peer's window alone limits what is in flight; losses
 * are repaired as NewReno does (RFC 6582).
 */
export class Sender {
  /** The oldest byte that is not acknowledged, and the next to be sent. */
  oldest: number
  next: number
  /** What follows the last byte that was ever sent: `next`, unless a probe was taken back. */
  #newest: number
  /** The largest payload of a segment. */
  maximumSize = 536
  windowShift = 0
  /** True: nothing will be added to the queue, and a FIN follows its last byte. */
  ending = false
  readonly roundTrip = new RoundTrip()
  readonly #queue: ByteQueue
  readonly #clock: Clock
  readonly #transmit: Transmit
  #window = 0
  #windowFrom = { sequence: 0, acknowledgment: 0 }
  #finSent = false
  #probing = false
  #duplicates = 0
  #recover: number | undefined
  #timed: { sequence: number; at: number } | undefined

  constructor(initial: number, queue: ByteQueue, clock: Clock, transmit: Transmit) {
    this.oldest = initial
    this.next = initial
    this.#newest = initial
    this.#queue = queue
    this.#clock = clock
    this.#transmit = transmit
  }

  /** Something is in flight. */
  get waits(): boolean {
    return this.oldest !== this.next
  }

  /** The FIN is acknowledged, and so is everything before it. */
  get finished(): boolean {
    return this.#finSent && !this.waits
  }

  /** The FIN has been sent. */
  get finSent(): boolean {
    return this.#finSent
  }

  /** The peer has no room for what is queued. */
  get isBlocked(): boolean {
    return !this.waits && this.#queue.length > 0 && this.#window === 0
  }

  /** The peer acknowledged the SYN and has room for `window` bytes. */
  opened({ sequence, acknowledgment }: Segment, window: number): void {
    this.#window = window
    this.#windowFrom = { sequence, acknowledgment }
  }

  /** Takes an acknowledgment, and frees of the queue what it covers. False when it is for what was never sent. */
  acknowledge(segment: Segment): boolean {
    const acked = distance(this.oldest, segment.acknowledgment)
    if (distance(this.#newest, segment.acknowledgment) > 0) return false
    if (acked < 0) return true
    const window = segment.window << this.windowShift
    const repeats = acked === 0 && segment.payload.length === 0 && window === this.#window && this.waits
    this.#takeWindow(segment, window)
    if (this.#probing && acked === 0) this.next = this.oldest
    else if (repeats && !has(segment, flags.fin)) this.#repeated()
    this.#probing = false
    if (acked > 0) this.#progressed(segment.acknowledgment, acked)
    return true
  }

  #takeWindow({ sequence, acknowledgment }: Segment, window: number): void {
    // RFC 793: an older segment must not set the window that a newer one has set.
    const newer = distance(this.#windowFrom.sequence, sequence)
    if (newer < 0 || (newer === 0 && distance(this.#windowFrom.acknowledgment, acknowledgment) < 0)) return
    this.#window = window
    this.#windowFrom = { sequence, acknowledgment }
  }

  #progressed(acknowledgment: number, acked: number): void {
    this.#queue.drop(Math.min(acked, this.#queue.length))
    this.oldest = acknowledgment
    if (distance(this.next, acknowledgment) > 0) this.next = acknowledgment
    this.#duplicates = 0
    this.roundTrip.progressed()
    if (this.#timed && distance(this.#timed.sequence, acknowledgment) > 0) {
      this.roundTrip.measured(this.#clock.monotonic() - this.#timed.at)
      this.#timed = undefined
    }
    if (this.#recover !== undefined) {
      if (distance(this.#recover, acknowledgment) >= 0) this.#recover = undefined
      else this.#repeat()
    }
  }

  #repeated(): void {
    this.#duplicates += 1
    if (this.#duplicates === duplicates && this.#recover === undefined) this.lost()
  }

  /** Sends the oldest segment again; what follows it is sent again as acknowledgments show that it is missing too. */
  lost(): void {
    this.#recover = this.next
    this.#repeat()
  }

  #repeat(): void {
    // Karn: an acknowledgment does not tell which of two equal segments it is for.
    this.#timed = undefined
    const inFlight = distance(this.oldest, this.next)
    const length = Math.min(this.maximumSize, this.#queue.length, inFlight)
    const fin = this.#finSent && length === this.#queue.length
    this.#transmit(this.oldest, flags.push | (fin ? flags.fin : 0), 0, length)
  }

  /** Sends what the peer has room for, and the FIN behind the last byte. */
  send(): void {
    if (this.#isWorthWaiting()) return
    while (!this.#finSent) {
      const offset = distance(this.oldest, this.next)
      const waiting = this.#queue.length - offset
      const length = Math.min(this.maximumSize, waiting, this.#window - offset)
      // Pieces smaller than a segment wait while others are in flight, unless they are all that there is (RFC 1122).
      if (length < 0 || (length < Math.min(this.maximumSize, waiting) && (offset > 0 || length === 0))) break
      const fin = this.ending && length === waiting
      if (length === 0 && !fin) break
      if (!this.#sendNext(offset, length, fin, length === waiting)) break
    }
  }

  /**
   * A large window that is nearly full is refilled a quarter at a time, not a segment for each acknowledgment: bursts
   * cost both ends less. The acknowledgments of the other three quarters are on their way.
   */
  #isWorthWaiting(): boolean {
    const inFlight = distance(this.oldest, this.next)
    const room = this.#window - inFlight
    return this.#window >= 16 * this.maximumSize && room < this.#window / 4 && this.#queue.length - inFlight > room
  }

  /** Sends one byte to a peer without room, to hear when it has some (RFC 1122, section 4.2.2.17). */
  probe(): void {
    this.#probing = this.#sendNext(0, 1, false, true)
  }

  #sendNext(offset: number, length: number, fin: boolean, last: boolean): boolean {
    const bits = (last ? flags.push : 0) | (fin ? flags.fin : 0)
    if (!this.#transmit(this.next, bits, offset, length)) return false
    this.#timed ??= { sequence: this.next, at: this.#clock.monotonic() }
    this.next = advance(this.next, length + (fin ? 1 : 0))
    if (distance(this.#newest, this.next) > 0) this.#newest = this.next
    this.#finSent = fin
    return true
  }
}
