import {
  type IcmpError,
  icmpErrors,
  icmpHeader,
  icmpTypes,
  quotedLength,
  writeEchoReply,
  writeIcmpError,
} from './icmp.ts'
import { type Packet, protocols } from './ipv4.ts'
import { beginPacket, type Port } from './port.ts'
import { flags, has, type Segment, sequenceLength, tcpHeader, writeSegment } from './tcp/segment.ts'
import { type Datagram, udpHeader, writeDatagram } from './udp.ts'

/** Answers an echo request in the name of the address that it asked. */
export function sendEchoReply(port: Port, request: Packet): void {
  const parts = { source: request.destination, protocol: protocols.icmp }
  const at = beginPacket(port, parts, request.end - request.payload)
  if (at >= 0) writeEchoReply(port.out.buffer, at, request)
}

/** Tells the sender what became of its packet. Says nothing about errors and later fragments (RFC 1122, section 3.2.2). */
export function sendIcmpError(port: Port, source: number, packet: Packet, error: IcmpError): void {
  const { bytes, start, payload, end, protocol } = packet
  const isLaterFragment = (bytes.readUInt16BE(start + 6) & 0x1fff) !== 0
  const isRequest = end > payload && bytes.readUInt8(payload) === icmpTypes.echo
  if (isLaterFragment || (protocol === protocols.icmp && !isRequest)) return
  const at = beginPacket(port, { source, protocol: protocols.icmp }, icmpHeader + quotedLength(packet))
  if (at >= 0) writeIcmpError(port.out.buffer, at, packet, error)
}

/** Sends a datagram from the router. `destination`: where not to the instance's own address. */
export function sendDatagram(
  port: Port,
  { source, destination = port.address }: { source: number; destination?: number },
  datagram: Datagram,
): void {
  const parts = { source, destination, protocol: protocols.udp }
  const at = beginPacket(port, parts, udpHeader + datagram.payload.length)
  if (at >= 0) writeDatagram(port.out.buffer, at, { source, destination }, datagram)
}

/** Refuses a segment for which there is no connection (RFC 9293, section 3.10.7.1). */
export function sendReset(port: Port, source: number, segment: Segment): void {
  if (has(segment, flags.reset)) return
  const known = has(segment, flags.acknowledge)
  const header = {
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    sequence: known ? segment.acknowledgment : 0,
    acknowledgment: known ? 0 : (segment.sequence + sequenceLength(segment)) >>> 0,
    flags: known ? flags.reset : flags.reset | flags.acknowledge,
    window: 0,
  }
  const at = beginPacket(port, { source, protocol: protocols.tcp }, tcpHeader)
  if (at >= 0) writeSegment(port.out.buffer, at, { source, destination: port.address }, header, 0)
}

/** Says that nothing outside the network can be reached: a reset for TCP, so that clients fail at once; else an error. */
export function sendProhibited(port: Port, gateway: number, packet: Packet, segment: Segment | undefined): void {
  if (segment) sendReset(port, packet.destination, segment)
  else sendIcmpError(port, gateway, packet, icmpErrors.prohibited)
}
