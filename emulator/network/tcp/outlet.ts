import type { Clock } from '../../state/clock.ts'
import { ipv4Header, protocols } from '../ipv4.ts'
import { beginPacket, type Port } from '../port.ts'
import type { ByteQueue } from './byte-queue.ts'
import { flags, type Header, has, headerLength, tcpHeader, writeSegment } from './segment.ts'
import { advance } from './sequence.ts'

/** Bytes that wait to be read; the shift of the window says how far 16 bits reach. */
const receiveBytes = 256 * 1024
const ownShift = 2

/** The router's end of a connection with an instance, and what it takes from its surroundings. */
export interface End {
  port: Port
  clock: Clock
  mtu: number
  /** Where the sequence numbers begin: 32 random bits. */
  initialSequence: number
  localAddress: number
  localPort: number
  remotePort: number
  /** How many hops what is sent from now on may travel. */
  timeToLive: number
  /** Called once, when the connection can be forgotten. */
  closed(): void
}

/** What this end sends from now on travels only so many hops; a limit is never raised. */
export function limitHops(end: End, hops: number): void {
  end.timeToLive = Math.min(end.timeToLive, hops)
}

/** What a segment says, as far as the connection decides it. */
export type Parts = Pick<Header, 'sequence' | 'acknowledgment' | 'flags'>

/** Writes the segments of a connection to its port, and knows what window the peer was told. */
export class Outlet {
  /** What follows the last byte for which the peer was offered room. */
  advertised = 0
  /** An acknowledgment is due; any segment that carries one settles it. */
  acknowledges = false
  #shift: number | undefined = ownShift
  readonly #end: End
  readonly #queue: ByteQueue

  constructor(end: End, queue: ByteQueue) {
    this.#end = end
    this.#queue = queue
  }

  /** The largest payload that fits a packet. */
  get maximumSize(): number {
    return this.#end.mtu - ipv4Header - tcpHeader
  }

  /** The peer does not scale windows. */
  withoutShift(): void {
    this.#shift = undefined
  }

  /** What may still be received when `unread` bytes wait: what was offered before does not shrink, only reading changes it. */
  window(unread: number): number {
    return Math.min(Math.max(0, receiveBytes - unread), 0xffff << (this.#shift ?? 0))
  }

  /** A window update is worth a segment: the room has grown by two segments (RFC 9293, section 3.8.6.2.2). */
  isOpenedBy(room: number): boolean {
    return room >= 2 * this.maximumSize
  }

  /** Sends a SYN with what this end offers. */
  synchronize(parts: Parts, window: number): void {
    this.#write({ ...parts, options: { maximumSize: this.maximumSize, windowShift: this.#shift } }, window, 0, 0)
  }

  /** Sends a segment with `length` bytes of the queue from `offset` on. False when the port has no room. */
  send(parts: Parts, window: number, offset = 0, length = 0): boolean {
    return this.#write(parts, window, offset, length)
  }

  #write(parts: Parts & Pick<Header, 'options'>, room: number, offset: number, length: number): boolean {
    const { port, localAddress: source, localPort: sourcePort, remotePort: destinationPort, timeToLive } = this.#end
    // The window of a SYN is never scaled.
    const shift = parts.options ? 0 : (this.#shift ?? 0)
    const window = Math.min(room >> shift, 0xffff)
    const header = { ...parts, sourcePort, destinationPort, window }
    const size = headerLength(header)
    const at = beginPacket(port, { source, protocol: protocols.tcp, timeToLive }, size + length)
    if (at < 0) return false
    this.#queue.copyTo(port.out.buffer, at + size, offset, length)
    writeSegment(port.out.buffer, at, { source, destination: port.address }, header, length)
    if (has(parts, flags.acknowledge)) {
      this.acknowledges = false
      this.advertised = advance(parts.acknowledgment, window << shift)
    }
    return true
  }
}
