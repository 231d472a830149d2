import { Duplex } from 'node:stream'
import { Alarm } from '../alarm.ts'
import { connectionError } from './connection-error.ts'
import { Inbox } from './inbox.ts'
import { Outbox } from './outbox.ts'
import { type End, Outlet } from './outlet.ts'
import { Receiver } from './receiver.ts'
import { flags, has, isExpected, type Segment } from './segment.ts'
import { Sender } from './sender.ts'
import { advance, distance } from './sequence.ts'

/** How often a segment is sent again in vain before the connection counts as dead: a SYN, and any other. */
const openTries = 5
const tries = 10
/** How long a closed connection answers repeats of the peer's FIN, in milliseconds. */
const lingerTime = 15_000

/** Life of a connection: a SYN sent; a SYN answered; open, half-closed included; closed but for repeats; forgotten. */
type State = 'opening' | 'accepting' | 'open' | 'lingering' | 'closed'

/**
 * A TCP connection with an instance (RFC 9293), as a duplex stream: it ends half by half, errors have the codes of
 * Node's sockets, and `destroy` before both halves have ended resets it.
 */
export class Connection {
  readonly stream: Duplex
  readonly end: End
  #state: State
  #peerEndedFirst = false
  #scheduled = false
  #tries = 0
  #finished: (() => void) | undefined
  readonly #receiver: Receiver
  readonly #inbox = new Inbox()
  readonly #outbox = new Outbox()
  readonly #outlet: Outlet
  readonly #sender: Sender
  readonly #alarm: Alarm
  readonly #established: (stream: Duplex) => void

  /** Opens a connection to the instance, or accepts one by answering `syn`; `established` is called when it is open. */
  constructor(end: End, established: (stream: Duplex) => void, syn?: Segment) {
    this.end = end
    this.#established = established
    this.#state = syn ? 'accepting' : 'opening'
    this.#outlet = new Outlet(end, this.#outbox.queue)
    this.#sender = new Sender(advance(end.initialSequence, 1), this.#outbox.queue, end.clock, (...parts) =>
      this.#transmit(...parts),
    )
    this.#receiver = new Receiver(syn ? advance(syn.sequence, 1) : 0)
    this.#alarm = new Alarm(end.clock, () => this.#timedOut())
    this.stream = new Duplex({
      allowHalfOpen: true,
      readableHighWaterMark: 65_536,
      writableHighWaterMark: 65_536,
      read: () => this.#wasRead(),
      write: (chunk: Buffer, _encoding, done) => {
        this.#outbox.write(chunk, done)
        this.#schedule()
      },
      final: (done) => this.#final(done),
      destroy: (error, done) => {
        this.#destroyed()
        done(error)
      },
    })
    if (syn) this.#takeOptions(syn)
    this.#sendSyn()
  }

  /** True when nothing but repeats of the peer's last segments is expected. */
  get isLingering(): boolean {
    return this.#state === 'lingering'
  }

  /** The port has room again. */
  drained(): void {
    if (this.#state === 'open') this.#schedule()
  }

  /** Ends it without a word; for one that lingers. */
  forget(): void {
    this.#close()
  }

  /** Ends the connection with an error and tells the peer. */
  abort(code: string, text: string): void {
    this.#fail(connectionError(code, text), true)
  }

  /** Takes a segment of the peer. */
  receive(segment: Segment): void {
    if (this.#state === 'closed') return
    if (this.#state === 'opening') this.#opening(segment)
    else if (!isExpected(segment, this.#receiver.next, this.#window())) {
      if (!has(segment, flags.reset)) this.#acknowledge()
    } else if (has(segment, flags.reset)) this.#reset(segment)
    else if (has(segment, flags.syn)) this.#repeatedSyn(segment)
    else if (has(segment, flags.acknowledge)) this.#acknowledged(segment)
  }

  #acknowledged(segment: Segment): void {
    if (this.#state === 'accepting' && !this.#accepted(segment)) return
    const before = this.#sender.oldest
    if (!this.#sender.acknowledge(segment)) {
      this.#acknowledge()
      return
    }
    this.#tries = 0
    if (before !== this.#sender.oldest) this.#alarm.clear()
    this.#take(segment)
    this.#outbox.fill()
    this.#schedule()
  }

  #opening(segment: Segment): void {
    const answers = has(segment, flags.acknowledge) && segment.acknowledgment === this.#sender.next
    if (has(segment, flags.reset)) {
      if (answers) this.#fail(connectionError('ECONNREFUSED', 'the instance refused the connection'), false)
      return
    }
    if (has(segment, flags.acknowledge) && !answers) this.#disown(segment)
    if (!answers || !has(segment, flags.syn)) return
    this.#receiver.next = advance(segment.sequence, 1)
    this.#takeOptions(segment)
    this.#open(segment, segment.window)
    this.#acknowledge()
  }

  #accepted(segment: Segment): boolean {
    if (segment.acknowledgment === this.#sender.next) {
      this.#open(segment, segment.window << this.#sender.windowShift)
      return true
    }
    this.#disown(segment)
    return false
  }

  /** Tells the peer that it acknowledges what was never sent: it knows a connection of the past. */
  #disown({ acknowledgment }: Segment): void {
    this.#outlet.send({ sequence: acknowledgment, acknowledgment: 0, flags: flags.reset }, 0)
  }

  #open(segment: Segment, window: number): void {
    this.#state = 'open'
    this.#tries = 0
    this.#alarm.clear()
    this.#sender.opened(segment, window)
    this.#established(this.stream)
    this.#schedule()
  }

  #reset({ sequence }: Segment): void {
    // RFC 5961: only the exact next number resets; another one in the window may be forged.
    if (sequence !== this.#receiver.next) this.#acknowledge()
    else if (this.#state === 'lingering') this.#close()
    else {
      // What came before it belongs to whoever reads; RFC 9293 lets it be dropped, Linux gives it as well.
      this.#inbox.deliver(this.stream)
      this.#fail(connectionError('ECONNRESET', 'the instance reset the connection'), false)
    }
  }

  #repeatedSyn({ sequence }: Segment): void {
    const isSame = this.#state === 'accepting' && advance(sequence, 1) === this.#receiver.next
    if (isSame) this.#sendSyn()
    else this.#acknowledge()
  }

  #take(segment: Segment): void {
    const { payload, sequence } = segment
    const fin = has(segment, flags.fin)
    if (payload.length === 0 && !fin) return
    this.#outlet.acknowledges = true
    if (this.#state !== 'open' || this.#receiver.finished) return
    for (const bytes of this.#receiver.accept(sequence, payload, fin, this.#window())) this.#inbox.add(bytes)
    if (!this.#receiver.finished) return
    this.#peerEndedFirst = !this.#sender.finSent
    this.#inbox.deliver(this.stream)
    this.stream.push(null)
  }

  #takeOptions({ maximumSize, windowShift }: Segment): void {
    this.#sender.maximumSize = Math.min(this.#outlet.maximumSize, Math.max(maximumSize ?? 536, 64))
    this.#sender.windowShift = windowShift ?? 0
    if (windowShift === undefined) this.#outlet.withoutShift()
  }

  #window = (): number => this.#outlet.window(this.stream.readableLength + this.#inbox.length)

  #sendSyn(): void {
    const { initialSequence: sequence } = this.end
    const parts =
      this.#state === 'accepting'
        ? { sequence, acknowledgment: this.#receiver.next, flags: flags.syn | flags.acknowledge }
        : { sequence, acknowledgment: 0, flags: flags.syn }
    this.#outlet.synchronize(parts, this.#window())
    this.#alarm.set(this.#sender.roundTrip.timeout)
  }

  #acknowledge(): void {
    this.#emit(this.#sender.next, flags.acknowledge)
  }

  #transmit(sequence: number, bits: number, offset: number, length: number): boolean {
    return !this.end.port.out.full && this.#emit(sequence, bits | flags.acknowledge, offset, length)
  }

  #emit(sequence: number, bits: number, offset = 0, length = 0): boolean {
    const parts = { sequence, acknowledgment: this.#receiver.next, flags: bits }
    return this.#outlet.send(parts, this.#window(), offset, length)
  }

  #final(done: () => void): void {
    this.#finished = done
    this.#sender.ending = true
    this.#schedule()
  }

  #wasRead(): void {
    if (this.#state !== 'open' || this.#receiver.finished) return
    const edge = advance(this.#receiver.next, this.#window())
    if (!this.#outlet.isOpenedBy(distance(this.#outlet.advertised, edge))) return
    this.#outlet.acknowledges = true
    this.#schedule()
  }

  /** What a turn of the event loop brought is answered once, at its end. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#state !== 'closed') this.#inbox.deliver(this.stream)
    if (this.#state === 'open') this.#sender.send()
    if (this.#outlet.acknowledges && this.#state !== 'closed') this.#acknowledge()
    if (this.#state !== 'open') return
    if (this.#sender.finSent) {
      this.#finished?.()
      this.#finished = undefined
    }
    if (this.#sender.finished && this.#receiver.finished) this.#bothEnded()
    else if (!this.#sender.waits && !this.#sender.isBlocked) this.#alarm.clear()
    else if (!this.#alarm.isSet) this.#alarm.set(this.#sender.roundTrip.timeout)
  }

  #timedOut(): void {
    this.#tries += 1
    if (this.#state === 'lingering') this.#close()
    else if (this.#tries > (this.#state === 'open' ? tries : openTries))
      this.abort('ETIMEDOUT', 'the instance is silent')
    else this.#again()
  }

  #again(): void {
    this.#sender.roundTrip.timedOut()
    if (this.#state !== 'open') {
      this.#sendSyn()
      return
    }
    if (this.#sender.waits) this.#sender.lost()
    else if (this.#sender.isBlocked) this.#sender.probe()
    this.#alarm.set(this.#sender.roundTrip.timeout)
  }

  #bothEnded(): void {
    if (this.#peerEndedFirst) {
      this.#close()
      return
    }
    this.#state = 'lingering'
    this.#alarm.set(lingerTime)
  }

  #destroyed(): void {
    if (this.#state === 'lingering' || (this.#sender.finSent && this.#receiver.finished)) return
    this.#fail(undefined, true)
  }

  #fail(error: Error | undefined, tell: boolean): void {
    if (this.#state === 'closed') return
    if (tell) this.#emit(this.#sender.next, this.#state === 'opening' ? flags.reset : flags.reset | flags.acknowledge)
    // Nobody has been given a stream that was never established, so nobody could take its error.
    const heard = this.#state === 'accepting' ? undefined : error
    this.#close()
    this.stream.destroy(heard)
  }

  #close(): void {
    this.#state = 'closed'
    this.#alarm.close()
    this.end.closed()
  }
}
