import type { Duplex } from 'node:stream'
import { ethernetHeader, etherTypes, writeEthernet } from './ethernet.ts'
import type { FrameWriter } from './frames.ts'
import { ipv4Header, writeHeader } from './ipv4.ts'
import type { Flow } from './security.ts'
import type { Connection } from './tcp/connection.ts'

/** What became of the frames of a port, counted in frames. */
export interface PortStats {
  /** From the instance, and to it. */
  received: number
  sent: number
  /** With a card, an address or an ARP sender that is not the port's own. */
  spoofed: number
  /** Cut off, with a wrong checksum, of a protocol or to a station that the network does not have. */
  refused: number
  /** Not allowed by the security groups. */
  denied: number
  /** To the instance, which did not read fast enough. */
  lost: number
}

/** One connected network card: the switch knows an instance by its port, never by an address. */
export interface Port {
  readonly instanceId: string
  readonly mac: Buffer
  readonly address: number
  readonly hostname: string
  readonly stream: Duplex
  readonly out: FrameWriter
  readonly stats: PortStats
  /** Traffic with other instances that is under way. */
  readonly flows: Map<number, Flow>
  /** How many of the flows this instance began. */
  begun: number
  /** Those that it began and that nobody has answered yet, the oldest first. */
  readonly unanswered: Set<Flow>
  /** When dead flows were last looked for, on the clock's `monotonic`. */
  sweptAt: number
  /** Connections that end in the router: metadata, and those from outside. */
  readonly connections: Map<number, Connection>
}

/** Counters that begin. */
export function noStats(): PortStats {
  return { received: 0, sent: 0, spoofed: 0, refused: 0, denied: 0, lost: 0 }
}

/** Where in `port.out.buffer` to write a frame of `length` bytes, all of them, at once; -1 when the port has no room. */
export function beginFrame(port: Port, length: number): number {
  const at = port.out.reserve(length)
  if (at < 0) port.stats.lost += 1
  else port.stats.sent += 1
  return at
}

/** Begins a packet from the router; returns where its payload of `length` bytes goes, as `beginFrame` does. */
export function beginPacket(
  port: Port,
  parts: { source: number; destination?: number; protocol: number; timeToLive?: number },
  length: number,
): number {
  const at = beginFrame(port, ethernetHeader + ipv4Header + length)
  if (at < 0) return at
  writeEthernet(port.out.buffer, at, port.mac, etherTypes.ipv4)
  writeHeader(port.out.buffer, at + ethernetHeader, { destination: port.address, ...parts, length })
  return at + ethernetHeader + ipv4Header
}
