import { addWords, finish, pseudoHeader } from '../checksum.ts'
import { type Packet, protocols } from '../ipv4.ts'
import { distance } from './sequence.ts'

/** Bytes of a header without options. */
export const tcpHeader = 20

/** Bytes of the options that a SYN of the router carries. */
export const synOptions = 8

/** Bits of the flags. */
export const flags = { fin: 1, syn: 2, reset: 4, push: 8, acknowledge: 16 } as const

/** A segment as it arrived. `payload` is a view that is valid as long as its frame. */
export interface Segment {
  sourcePort: number
  destinationPort: number
  sequence: number
  acknowledgment: number
  flags: number
  /** As sent: not scaled. */
  window: number
  payload: Buffer
  /** What a SYN offers: the largest segment and the shift of the window; undefined when it does not say. */
  maximumSize: number | undefined
  windowShift: number | undefined
}

/** Whether a segment has a flag set. */
export const has = (segment: { flags: number }, flag: number): boolean => (segment.flags & flag) !== 0

/** What a segment takes of the sequence space: its payload, SYN and FIN. */
export function sequenceLength(segment: Segment): number {
  return segment.payload.length + (has(segment, flags.syn) ? 1 : 0) + (has(segment, flags.fin) ? 1 : 0)
}

/**
 * RFC 9293, section 3.10.7.4: some of the segment lies in the window that begins at `next`, or it is empty and at its
 * edge. A closed window counts as one byte: what probes it is answered.
 */
export function isExpected(segment: Segment, next: number, window: number): boolean {
  const start = distance(next, segment.sequence)
  const length = sequenceLength(segment)
  if (length === 0) return start >= 0 && start <= Math.max(window, 1)
  return start < Math.max(window, 1) && start + length > 0
}

function readOptions(bytes: Buffer, start: number, end: number): Pick<Segment, 'maximumSize' | 'windowShift'> {
  const found: Pick<Segment, 'maximumSize' | 'windowShift'> = { maximumSize: undefined, windowShift: undefined }
  let at = start
  while (at < end) {
    const kind = bytes.readUInt8(at)
    if (kind === 0) break
    const length = kind === 1 ? 1 : at + 1 < end ? bytes.readUInt8(at + 1) : 0
    if (length === 0 || (kind !== 1 && length < 2) || at + length > end) break
    if (kind === 2 && length === 4) found.maximumSize = bytes.readUInt16BE(at + 2)
    // RFC 7323: a shift above 14 counts as 14.
    if (kind === 3 && length === 3) found.windowShift = Math.min(bytes.readUInt8(at + 2), 14)
    at += length
  }
  return found
}

const noOptions = { maximumSize: undefined, windowShift: undefined }

/** Reads the segment of a packet; undefined when its lengths or its checksum are wrong. */
export function readSegment({ bytes, payload: at, end, source, destination }: Packet): Segment | undefined {
  if (end - at < tcpHeader) return undefined
  const headerLength = (bytes.readUInt8(at + 12) >>> 4) * 4
  if (headerLength < tcpHeader || headerLength > end - at) return undefined
  const sum = pseudoHeader(source, destination, protocols.tcp, end - at)
  if (finish(addWords(sum, bytes, at, end)) !== 0) return undefined
  const bits = bytes.readUInt8(at + 13)
  const options = (bits & flags.syn) !== 0 ? readOptions(bytes, at + tcpHeader, at + headerLength) : noOptions
  return {
    sourcePort: bytes.readUInt16BE(at),
    destinationPort: bytes.readUInt16BE(at + 2),
    sequence: bytes.readUInt32BE(at + 4),
    acknowledgment: bytes.readUInt32BE(at + 8),
    flags: bits,
    window: bytes.readUInt16BE(at + 14),
    payload: bytes.subarray(at + headerLength, end),
    ...options,
  }
}

/** What the header of a segment to be sent says. `options`: present on a SYN. */
export interface Header {
  sourcePort: number
  destinationPort: number
  sequence: number
  acknowledgment: number
  flags: number
  window: number
  options?: { maximumSize: number; windowShift: number | undefined }
}

/** The length of a header with these options. */
export const headerLength = ({ options }: Header): number => tcpHeader + (options ? synOptions : 0)

/** Writes a header at `at`, before `payloadLength` bytes that are already there, and the checksum over both. */
export function writeSegment(
  bytes: Buffer,
  at: number,
  { source, destination }: { source: number; destination: number },
  header: Header,
  payloadLength: number,
): void {
  const length = headerLength(header)
  bytes.writeUInt16BE(header.sourcePort, at)
  bytes.writeUInt16BE(header.destinationPort, at + 2)
  bytes.writeUInt32BE(header.sequence, at + 4)
  bytes.writeUInt32BE(header.acknowledgment, at + 8)
  bytes.writeUInt16BE((length << 10) | header.flags, at + 12)
  bytes.writeUInt16BE(header.window, at + 14)
  bytes.writeUInt32BE(0, at + 16)
  if (header.options) {
    const { maximumSize, windowShift } = header.options
    bytes.writeUInt32BE(0x02040000 | maximumSize, at + tcpHeader)
    // No-operation, then the shift; four no-operations where none is offered.
    bytes.writeUInt32BE(windowShift === undefined ? 0x01010101 : 0x01030300 | windowShift, at + tcpHeader + 4)
  }
  const total = length + payloadLength
  const sum = addWords(pseudoHeader(source, destination, protocols.tcp, total), bytes, at, at + total)
  bytes.writeUInt16BE(finish(sum), at + 16)
}
