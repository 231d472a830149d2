import { addWords, finish, pseudoHeader } from './checksum.ts'
import { type Packet, protocols } from './ipv4.ts'

/** Bytes of a UDP header. */
export const udpHeader = 8

/** A datagram; `payload` is a view that is valid as long as its frame. */
export interface Datagram {
  sourcePort: number
  destinationPort: number
  payload: Buffer
}

/** Reads the datagram of a packet; undefined when its length or checksum is wrong (0 means that it has none). */
export function readDatagram({ bytes, payload, end, source, destination }: Packet): Datagram | undefined {
  if (end - payload < udpHeader) return undefined
  const length = bytes.readUInt16BE(payload + 4)
  if (length < udpHeader || length > end - payload) return undefined
  const sum = addWords(pseudoHeader(source, destination, protocols.udp, length), bytes, payload, payload + length)
  if (bytes.readUInt16BE(payload + 6) !== 0 && finish(sum) !== 0) return undefined
  return {
    sourcePort: bytes.readUInt16BE(payload),
    destinationPort: bytes.readUInt16BE(payload + 2),
    payload: bytes.subarray(payload + udpHeader, payload + length),
  }
}

/** Writes a datagram at `at`, its checksum included. */
export function writeDatagram(
  bytes: Buffer,
  at: number,
  { source, destination }: { source: number; destination: number },
  { sourcePort, destinationPort, payload }: Datagram,
): void {
  const length = udpHeader + payload.length
  bytes.writeUInt16BE(sourcePort, at)
  bytes.writeUInt16BE(destinationPort, at + 2)
  bytes.writeUInt16BE(length, at + 4)
  bytes.writeUInt16BE(0, at + 6)
  payload.copy(bytes, at + udpHeader)
  const sum = addWords(pseudoHeader(source, destination, protocols.udp, length), bytes, at, at + length)
  // A checksum of 0 would mean that there is none (RFC 768).
  bytes.writeUInt16BE(finish(sum) || 0xffff, at + 6)
}
