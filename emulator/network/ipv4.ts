import { addWords, finish, replaceWord } from './checksum.ts'

/** Bytes of a header without options, as the router writes it. */
export const ipv4Header = 20

/** How many hops a packet of the router may travel unless somebody says otherwise. */
export const usualTimeToLive = 64

/** Numbers of the protocols that the router knows. */
export const protocols = { icmp: 1, tcp: 6, udp: 17 } as const

/** A packet inside a frame. Offsets count from the start of `bytes`. */
export interface Packet {
  bytes: Buffer
  /** Where its header begins, where what it carries begins, and where it ends (the frame may be padded). */
  start: number
  payload: number
  end: number
  source: number
  destination: number
  protocol: number
  ttl: number
  /** True for every piece of a packet that was cut. */
  isFragment: boolean
}

/** Reads the packet that begins at `start`; undefined when its version, lengths or checksum are wrong. */
export function readPacket(bytes: Buffer, start: number): Packet | undefined {
  if (bytes.length - start < ipv4Header) return undefined
  const first = bytes.readUInt8(start)
  const headerLength = (first & 15) * 4
  const length = bytes.readUInt16BE(start + 2)
  if (first >>> 4 !== 4 || headerLength < ipv4Header) return undefined
  if (length < headerLength || length > bytes.length - start) return undefined
  if (finish(addWords(0, bytes, start, start + headerLength)) !== 0) return undefined
  return {
    bytes,
    start,
    payload: start + headerLength,
    end: start + length,
    source: bytes.readUInt32BE(start + 12),
    destination: bytes.readUInt32BE(start + 16),
    protocol: bytes.readUInt8(start + 9),
    ttl: bytes.readUInt8(start + 8),
    isFragment: (bytes.readUInt16BE(start + 6) & 0x3fff) !== 0,
  }
}

/** A copy of a packet, to be kept when its frame is gone. */
export function keepPacket(packet: Packet): Packet {
  const { bytes, start, payload, end } = packet
  return {
    ...packet,
    bytes: Buffer.from(bytes.subarray(start, end)),
    start: 0,
    payload: payload - start,
    end: end - start,
  }
}

/** Writes a header at `at` for `length` bytes of payload, uncut and never to be cut (so its id may be 0, RFC 6864). */
export function writeHeader(
  bytes: Buffer,
  at: number,
  parts: { source: number; destination: number; protocol: number; length: number; timeToLive?: number },
): void {
  const { source, destination, protocol, length, timeToLive = usualTimeToLive } = parts
  bytes.writeUInt32BE(0x45000000 + ipv4Header + length, at)
  bytes.writeUInt32BE(0x4000, at + 4)
  bytes.writeUInt16BE((timeToLive << 8) | protocol, at + 8)
  bytes.writeUInt16BE(0, at + 10)
  bytes.writeUInt32BE(source, at + 12)
  bytes.writeUInt32BE(destination, at + 16)
  bytes.writeUInt16BE(finish(addWords(0, bytes, at, at + ipv4Header)), at + 10)
}

/** Takes one hop off the packet whose header begins at `at`, and corrects its checksum. */
export function decrementTtl(bytes: Buffer, at: number): void {
  const before = bytes.readUInt16BE(at + 8)
  const after = before - 0x100
  bytes.writeUInt16BE(after, at + 8)
  bytes.writeUInt16BE(replaceWord(bytes.readUInt16BE(at + 10), before, after), at + 10)
}
