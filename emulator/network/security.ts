import type { Clock } from '../state/clock.ts'
import { formatAddress } from './addresses.ts'
import { icmpTypes } from './icmp.ts'
import { ipv4Header, type Packet, protocols } from './ipv4.ts'
import type { Port } from './port.ts'
import { tcpHeader } from './tcp/segment.ts'

/** The first packet of what one side wants of another, as the rules of security groups judge it. */
export interface PacketFacts {
  /** An instance's id, or `outside`. */
  from: string
  to: string
  /** Dotted addresses. */
  source: string
  destination: string
  /** An IP protocol number: 1, 6, 17, … */
  protocol: number
  /** The destination port of TCP and UDP. */
  port?: number
  icmpType?: number
  icmpCode?: number
}

/** Traffic between two instances that is under way: allowed in both directions because its first packet was. */
export interface Flow {
  facts: PacketFacts
  from: Port
  to: Port
  keyAtFrom: number
  keyAtTo: number
  /** On the clock's `monotonic`. */
  expires: number
  replied: boolean
  /** TCP: who has sent a FIN. */
  fromEnded: boolean
  toEnded: boolean
}

/** How many flows an instance may have begun at a time. */
const mostFlows = 8192

/** How long a flow lives without a packet, in milliseconds; in the main as Linux' connection tracking has it. */
const lifetimes = {
  opening: 120_000,
  open: 5 * 86_400_000,
  closing: 120_000,
  reset: 10_000,
  question: 30_000,
  answered: 180_000,
}

/** What in a packet tells its flow: ports, or whatever stands for them; `begins` when it may begin one. */
interface Track {
  protocol: number
  local: number
  remote: number
  begins: boolean
}

/** The key of a flow among those of one port: the other's low 16 bits of address, both ports, protocol; below 2^50. */
function key(other: number, { protocol, local, remote }: Track): number {
  const kind = protocol === protocols.tcp ? 0 : protocol === protocols.udp ? 1 : protocol === protocols.icmp ? 2 : 3
  return (((other & 0xffff) * 0x10000 + local) * 0x10000 + remote) * 4 + kind
}

/** Reads what the transport header that begins at `at` tells; undefined when it is cut off. */
function track(bytes: Buffer, protocol: number, at: number, end: number): Track | undefined {
  if (protocol === protocols.tcp || protocol === protocols.udp) {
    if (end - at < 8) return undefined
    const isTcp = protocol === protocols.tcp
    const begins = !isTcp || (end - at >= tcpHeader && (bytes.readUInt8(at + 13) & 0x17) === 0x02)
    return { protocol, local: bytes.readUInt16BE(at), remote: bytes.readUInt16BE(at + 2), begins }
  }
  if (protocol !== protocols.icmp) return { protocol, local: protocol, remote: protocol, begins: true }
  if (end - at < 8) return undefined
  const [type, id] = [bytes.readUInt8(at), bytes.readUInt16BE(at + 4)]
  return { protocol, local: id, remote: id, begins: type === icmpTypes.echo || type === icmpTypes.timestamp }
}

/** Types of ICMP that speak of another packet, and quote it. */
const quoting = new Set([icmpTypes.unreachable, icmpTypes.timeExceeded, 12])

/** The flow of `port` that an ICMP error of it speaks of: the packet that it quotes was sent to it by the other. */
function quotedFlow(port: Port, { bytes, payload, end, destination }: Packet): Flow | undefined {
  const inner = payload + 8
  if (end - inner < ipv4Header + 8 || bytes.readUInt8(inner) >>> 4 !== 4) return undefined
  if (bytes.readUInt32BE(inner + 12) !== destination || bytes.readUInt32BE(inner + 16) !== port.address)
    return undefined
  const transport = inner + (bytes.readUInt8(inner) & 15) * 4
  const quoted = track(bytes, bytes.readUInt8(inner + 9), transport, end)
  if (!quoted) return undefined
  const { protocol, local, remote } = quoted
  return port.flows.get(key(destination, { protocol, local: remote, remote: local, begins: false }))
}

/** Says of each packet between instances whether it may pass, and remembers what is under way. */
export class Security {
  readonly #clock: Clock
  readonly #allows: (facts: PacketFacts) => boolean

  constructor(clock: Clock, allows: (facts: PacketFacts) => boolean) {
    this.#clock = clock
    this.#allows = allows
  }

  /** Whether a packet of `from` may go to `to`. */
  admits(from: Port, to: Port, packet: Packet): boolean {
    const { bytes, payload, end, protocol } = packet
    const isError = protocol === protocols.icmp && end > payload && quoting.has(bytes.readUInt8(payload))
    if (isError) return this.#isAlive(quotedFlow(from, packet))
    const tracked = track(bytes, protocol, payload, end)
    if (!tracked || (protocol === protocols.tcp && end - payload < tcpHeader)) return false
    const flow = from.flows.get(key(to.address, tracked))
    // A SYN is always judged anew: the flow that it repeats may be of the past.
    const isSyn = protocol === protocols.tcp && tracked.begins
    if (!isSyn && this.#isAlive(flow)) {
      this.#pass(flow, from, packet)
      return true
    }
    return tracked.begins && this.#begin(from, to, packet, tracked)
  }

  /** Judges all that is under way again; what the rules no longer allow ends. */
  rulesChanged(ports: Iterable<Port>): void {
    for (const port of ports) {
      for (const flow of port.flows.values()) if (flow.from === port && !this.#allows(flow.facts)) forget(flow)
    }
  }

  #isAlive(flow: Flow | undefined): flow is Flow {
    return flow !== undefined && flow.expires > this.#clock.monotonic()
  }

  #begin(from: Port, to: Port, packet: Packet, tracked: Track): boolean {
    const facts = factsOf(from, to, packet, tracked)
    if (!this.#allows(facts)) return false
    const keyAtFrom = key(to.address, tracked)
    const keyAtTo = key(from.address, { ...tracked, local: tracked.remote, remote: tracked.local })
    for (const before of [from.flows.get(keyAtFrom), to.flows.get(keyAtTo)]) if (before) forget(before)
    if (from.begun >= mostFlows) this.#makeRoom(from)
    if (from.begun >= mostFlows) return false
    const expires =
      this.#clock.monotonic() + (packet.protocol === protocols.tcp ? lifetimes.opening : lifetimes.question)
    const flow = { facts, from, to, keyAtFrom, keyAtTo, expires, replied: false, fromEnded: false, toEnded: false }
    from.flows.set(keyAtFrom, flow)
    to.flows.set(keyAtTo, flow)
    from.begun += 1
    from.unanswered.add(flow)
    return true
  }

  #pass(flow: Flow, from: Port, { bytes, payload, protocol }: Packet): void {
    if (flow.from !== from && !flow.replied) {
      flow.replied = true
      flow.from.unanswered.delete(flow)
    }
    const bits = protocol === protocols.tcp ? bytes.readUInt8(payload + 13) : 0
    if ((bits & 1) !== 0 && flow.from === from) flow.fromEnded = true
    if ((bits & 1) !== 0 && flow.to === from) flow.toEnded = true
    flow.expires = this.#clock.monotonic() + lifetime(flow, protocol, (bits & 4) !== 0)
  }

  /** A flood of questions pushes out its own oldest ones; dead flows are looked for but once a second, as that is dear. */
  #makeRoom(port: Port): void {
    const [oldest] = port.unanswered
    if (oldest) {
      forget(oldest)
      return
    }
    const now = this.#clock.monotonic()
    if (now - port.sweptAt < 1000) return
    port.sweptAt = now
    for (const flow of port.flows.values()) if (flow.from === port && !this.#isAlive(flow)) forget(flow)
  }
}

function lifetime({ replied, fromEnded, toEnded }: Flow, protocol: number, reset: boolean): number {
  if (protocol !== protocols.tcp) return replied ? lifetimes.answered : lifetimes.question
  if (reset) return lifetimes.reset
  if (fromEnded && toEnded) return lifetimes.closing
  return replied ? lifetimes.open : lifetimes.opening
}

function factsOf(from: Port, to: Port, { bytes, payload, protocol }: Packet, { remote }: Track): PacketFacts {
  const [source, destination] = [formatAddress(from.address), formatAddress(to.address)]
  const facts = { from: from.instanceId, to: to.instanceId, source, destination, protocol }
  if (protocol === protocols.tcp || protocol === protocols.udp) return { ...facts, port: remote }
  if (protocol !== protocols.icmp) return facts
  return { ...facts, icmpType: bytes.readUInt8(payload), icmpCode: bytes.readUInt8(payload + 1) }
}

function forget(flow: Flow): void {
  flow.from.flows.delete(flow.keyAtFrom)
  flow.to.flows.delete(flow.keyAtTo)
  flow.from.begun -= 1
  flow.from.unanswered.delete(flow)
}

/** Forgets all traffic of a port that goes. */
export function forgetFlows(port: Port): void {
  for (const flow of port.flows.values()) forget(flow)
}
