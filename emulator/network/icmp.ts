import { addWords, finish } from './checksum.ts'
import type { Packet } from './ipv4.ts'

/** Bytes before what an ICMP message carries. */
export const icmpHeader = 8

/** Types that the router tells apart (RFC 792). */
export const icmpTypes = { echoReply: 0, unreachable: 3, echo: 8, timeExceeded: 11, timestamp: 13, timestampReply: 14 }

/** Why a packet cannot go on, as the sender is told: type, code, and the MTU where that is the reason. */
export interface IcmpError {
  type: number
  code: number
  mtu?: number
}

/** The errors that the router reports (RFC 792, RFC 1812 section 5.2.7, RFC 1191). */
export const icmpErrors = {
  hostUnreachable: { type: 3, code: 1 },
  portUnreachable: { type: 3, code: 3 },
  prohibited: { type: 3, code: 13 },
  timeExceeded: { type: 11, code: 0 },
} as const satisfies Record<string, IcmpError>

/** Whether the ICMP message of a packet is whole and its checksum right. */
export function isSoundIcmp({ bytes, payload, end }: Packet): boolean {
  return end - payload >= icmpHeader && finish(addWords(0, bytes, payload, end)) === 0
}

/** Writes the answer to an echo request at `at`; as long as the request. */
export function writeEchoReply(bytes: Buffer, at: number, request: Packet): void {
  const length = request.end - request.payload
  request.bytes.copy(bytes, at, request.payload, request.end)
  bytes.writeUInt32BE(0, at)
  bytes.writeUInt16BE(finish(addWords(0, bytes, at, at + length)), at + 2)
}

/** How many bytes of a packet an error about it quotes: at most 548, so that the whole stays below 576 (RFC 1812). */
export function quotedLength({ start, end }: Packet): number {
  return Math.min(end - start, 548)
}

/** Writes an error about `packet` at `at`: `icmpHeader` and `quotedLength` bytes. */
export function writeIcmpError(bytes: Buffer, at: number, packet: Packet, { type, code, mtu = 0 }: IcmpError): void {
  const quoted = quotedLength(packet)
  bytes.writeUInt16BE((type << 8) | code, at)
  bytes.writeUInt16BE(0, at + 2)
  bytes.writeUInt32BE(mtu, at + 4)
  packet.bytes.copy(bytes, at + icmpHeader, packet.start, packet.start + quoted)
  bytes.writeUInt16BE(finish(addWords(0, bytes, at, at + icmpHeader + quoted)), at + 2)
}
