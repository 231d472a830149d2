import { type Duplex, duplexPair } from 'node:stream'
import { systemClock } from '../state/clock.ts'
import { addWords, finish, pseudoHeader } from './checksum.ts'
import { ethernetHeader } from './ethernet.ts'
import { frameReader } from './frames.ts'
import { type Packet, readPacket } from './ipv4.ts'
import type { SwitchOptions } from './network.ts'
import { createSwitch, type Switch } from './switch.ts'
import { readSegment, type Segment } from './tcp/segment.ts'

/** Bytes of a hexadecimal text with spaces. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** A switch with a clock that stands still unless told, predictable numbers and no rules. */
export function testSwitch(options: Partial<SwitchOptions> = {}): Switch {
  let number = 0
  return createSwitch({
    clock: systemClock,
    random: () => {
      number += 1
      return number * 1000
    },
    domain: 'euca.internal',
    metadata: (_instanceId, connection) => connection.on('error', () => undefined),
    resolve: () => undefined,
    allows: () => true,
    ...options,
  })
}

/** A guest of a test: writes frames by hand and keeps those that it gets. */
export class Peer {
  readonly id: string
  readonly mac: string
  readonly address: string
  readonly wire: Duplex
  readonly stats: ReturnType<Switch['connect']>
  /** Copies, in order. */
  readonly frames: Buffer[] = []
  #arrived: (() => void) | undefined

  /** Plugs the peer in as number `host`: i-HOST at 172.31.0.HOST with d0:0d:00:00:00:HOST. */
  constructor(network: Switch, host: number) {
    const digits = host.toString(16).padStart(2, '0')
    const [inside, outside] = duplexPair()
    this.id = `i-${host}`
    this.mac = `d00d000000${digits}`
    this.address = `172.31.0.${host}`
    this.wire = outside
    const mac = `d0:0d:00:00:00:${digits}`
    const spec = { instanceId: this.id, mac, address: this.address, hostname: `ip-172-31-0-${host}` }
    this.stats = network.connect(spec, inside)
    const read = frameReader(
      (frame) => this.frames.push(Buffer.from(frame)),
      (length) => {
        throw new Error(`a frame of ${length} bytes`)
      },
    )
    outside.on('data', (chunk: Buffer) => {
      read(chunk)
      this.#arrived?.()
    })
  }

  /** Sends one frame. */
  send(frame: Buffer): void {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    this.wire.write(Buffer.concat([length, frame]))
  }

  /** Resolves with the first frame, of those kept, that `what` takes; takes it and those before it away. */
  async next<Found>(what: (frame: Buffer) => Found | undefined): Promise<Found> {
    for (;;) {
      for (const [index, frame] of this.frames.entries()) {
        const found = what(frame)
        if (found === undefined) continue
        this.frames.splice(0, index + 1)
        return found
      }
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  nextPacket(protocol: number): Promise<Packet> {
    return this.next((frame) => {
      const packet = frame.readUInt16BE(12) === 0x0800 ? readPacket(frame, ethernetHeader) : undefined
      return packet?.protocol === protocol ? packet : undefined
    })
  }

  async nextSegment(): Promise<Segment> {
    const segment = readSegment(await this.nextPacket(6))
    if (!segment) throw new Error('the segment is not sound')
    return segment
  }
}

/** Waits until everything that was sent has been carried: some turns of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const dotted = (address: string) => Buffer.from(address.split('.').map(Number))
const sum = (bytes: Buffer, seed = 0) => finish(addWords(seed, bytes, 0, bytes.length))

/** What an Ethernet frame with a packet says; all but `protocol` and `payload` have the values of an honest guest. */
export interface PacketText {
  destination: string
  protocol: number
  payload: Buffer
  source?: string
  sourceMac?: string
  destinationMac?: string
  ttl?: number
  fragment?: number
}

/** The router's card, as guests learn it. */
export const router = '02a9fea9fe01'

/** A frame of `peer` with a packet. */
export function packetFrame(peer: Peer, text: PacketText): Buffer {
  const { destination, protocol, payload, source = peer.address, sourceMac = peer.mac } = text
  const { destinationMac = router, ttl = 64, fragment = 0 } = text
  const header = Buffer.concat([hex('4500 0000 1234 0000 0000 0000'), dotted(source), dotted(destination)])
  header.writeUInt16BE(20 + payload.length, 2)
  header.writeUInt16BE(fragment, 6)
  header.writeUInt8(ttl, 8)
  header.writeUInt8(protocol, 9)
  header.writeUInt16BE(sum(header), 10)
  return Buffer.concat([hex(destinationMac), hex(sourceMac), hex('0800'), header, payload])
}

function withChecksum(peer: Peer, text: Omit<PacketText, 'payload'>, segment: Buffer, at: number): Buffer {
  const [source, destination] = [dotted(text.source ?? peer.address), dotted(text.destination)]
  const seed = pseudoHeader(source.readUInt32BE(), destination.readUInt32BE(), text.protocol, segment.length)
  segment.writeUInt16BE(sum(segment, seed), at)
  return packetFrame(peer, { ...text, payload: segment })
}

/** What varies between the frames of a test. */
export type FrameText = Partial<Omit<PacketText, 'payload' | 'protocol'>> & { destination: string }

/** A frame with a TCP segment. `bits`: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK. */
export function tcpFrame(
  peer: Peer,
  text: FrameText & {
    ports: [number, number]
    bits: number
    sequence?: number
    acknowledgment?: number
    data?: string
    /** What a SYN offers. */
    maximumSize?: number
  },
): Buffer {
  const { ports, bits, sequence = 1000, acknowledgment = 0, data = '', maximumSize } = text
  const options = maximumSize === undefined ? Buffer.alloc(0) : Buffer.from([2, 4, maximumSize >> 8, maximumSize & 255])
  const segment = Buffer.concat([Buffer.alloc(20), options, Buffer.from(data)])
  segment.writeUInt16BE(ports[0], 0)
  segment.writeUInt16BE(ports[1], 2)
  segment.writeUInt32BE(sequence, 4)
  segment.writeUInt32BE(acknowledgment, 8)
  segment.writeUInt16BE(((20 + options.length) << 10) | bits, 12)
  segment.writeUInt16BE(65_535, 14)
  return withChecksum(peer, { ...text, protocol: 6 }, segment, 16)
}

/** A frame with a UDP datagram. */
export function udpFrame(peer: Peer, text: FrameText & { ports: [number, number]; data: Buffer }): Buffer {
  const { ports, data } = text
  const datagram = Buffer.concat([Buffer.alloc(8), data])
  datagram.writeUInt16BE(ports[0], 0)
  datagram.writeUInt16BE(ports[1], 2)
  datagram.writeUInt16BE(datagram.length, 4)
  return withChecksum(peer, { ...text, protocol: 17 }, datagram, 6)
}

/** A frame with an ICMP message of a type, an id and a text. */
export function icmpFrame(peer: Peer, text: FrameText & { type: number; id?: number; data?: Buffer }): Buffer {
  const { type, id = 7, data = Buffer.from('ping') } = text
  const message = Buffer.concat([Buffer.from([type, 0, 0, 0, id >> 8, id & 255, 0, 1]), data])
  message.writeUInt16BE(sum(message), 2)
  return packetFrame(peer, { ...text, protocol: 1, payload: message })
}

/** A frame with an ARP message; `operation` 1 asks, 2 answers. */
export function arpFrame(
  peer: Peer,
  { target, sender = peer.address, senderMac = peer.mac, operation = 1 }: ArpText,
): Buffer {
  const head = hex(`ffffffffffff ${peer.mac} 0806 0001 0800 06 04 000${operation} ${senderMac}`)
  return Buffer.concat([head, dotted(sender), Buffer.alloc(6), dotted(target)])
}

interface ArpText {
  target: string
  sender?: string
  senderMac?: string
  operation?: number
}

/** A DHCP message's way: before it has an address a guest asks all stations. */
export const fromNowhere = {
  destination: '255.255.255.255',
  destinationMac: 'ffffffffffff',
  source: '0.0.0.0',
  ports: [68, 67] as [number, number],
}

/** A DHCP message as a client sends it: a type and further options in hexadecimal. */
export function dhcp(peer: Peer, type: number, options = '', mac = peer.mac): Buffer {
  const head = hex(`01010600 deadbeef 0000 0000 ${'00000000'.repeat(4)} ${mac}${'00'.repeat(10)}`)
  return Buffer.concat([head, Buffer.alloc(192), hex(`63825363 3501 0${type} ${options} ff`)])
}
