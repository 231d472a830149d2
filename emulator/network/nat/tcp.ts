import type { Duplex } from 'node:stream'
import { formatAddress } from '../addresses.ts'
import { sendIcmpError, sendReset } from '../answers.ts'
import { endOf, makeRoom } from '../connections.ts'
import { icmpErrors } from '../icmp.ts'
import { keepPacket, type Packet } from '../ipv4.ts'
import { join } from '../join.ts'
import type { Network } from '../network.ts'
import type { Port } from '../port.ts'
import type { PacketFacts } from '../security.ts'
import { Connection } from '../tcp/connection.ts'
import { flags, has, type Segment } from '../tcp/segment.ts'
import type { Outside } from './outside.ts'

/** How many connections of an instance may wait for the outside to answer. */
const mostPending = 256

/** A connection of an instance with the outside, by the address there, the port there and the instance's own. */
const keyOf = (address: number, { sourcePort, destinationPort }: Segment) =>
  `${address} ${destinationPort} ${sourcePort}`

/** What an instance has open outside, and what it is still waiting for. */
interface Peers {
  open: Map<string, Connection>
  pending: Set<string>
}

/**
 * Ends the TCP connections of instances in the router and joins each with one of the host's own. An instance sees that it
 * is connected when the host is, and is refused as the host is.
 */
export class TcpNat {
  readonly #network: Network
  readonly #outside: Outside
  readonly #peers = new WeakMap<Port, Peers>()
  readonly #facts = new Map<Connection, PacketFacts>()
  /** Numbers among the connections of a port; those of the router's own are positive. */
  #number = -1

  constructor(network: Network, outside: Outside) {
    this.#network = network
    this.#outside = outside
  }

  /** Takes a segment of an instance to the outside. False when the rules forbid the connection that it begins. */
  receive(port: Port, packet: Packet, segment: Segment): boolean {
    const { open, pending } = this.#peersOf(port)
    const key = keyOf(packet.destination, segment)
    const isSyn = has(segment, flags.syn) && !has(segment, flags.acknowledge | flags.reset)
    const known = open.get(key)
    // RFC 9293: a SYN opens anew what was closed before.
    if (known?.isLingering && isSyn) known.forget()
    else if (known) {
      known.receive(segment)
      return true
    }
    if (pending.has(key)) return true
    if (!isSyn) {
      sendReset(port, packet.destination, segment)
      return true
    }
    const destination = formatAddress(packet.destination)
    const source = formatAddress(port.address)
    const what = { protocol: packet.protocol, port: segment.destinationPort }
    const facts = { from: port.instanceId, to: 'outside', source, destination, ...what }
    if (!this.#network.allows(facts)) return false
    if (pending.size >= mostPending || !makeRoom(port)) sendReset(port, packet.destination, segment)
    else this.#begin(port, keepPacket(packet), { ...segment, payload: Buffer.alloc(0) }, facts)
    return true
  }

  /** Asks again about all that is open; what the rules now refuse ends. */
  rulesChanged(): void {
    for (const [connection, facts] of this.#facts) {
      if (!this.#network.allows(facts)) connection.abort('ECONNABORTED', `no rule of ${facts.from} allows it any more`)
    }
  }

  #peersOf(port: Port): Peers {
    const peers = this.#peers.get(port) ?? { open: new Map(), pending: new Set() }
    this.#peers.set(port, peers)
    return peers
  }

  #begin(port: Port, packet: Packet, syn: Segment, facts: PacketFacts): void {
    const { pending } = this.#peersOf(port)
    const key = keyOf(packet.destination, syn)
    pending.add(key)
    this.#outside.connect(facts.destination, syn.destinationPort).then(
      (socket) => {
        pending.delete(key)
        const isGone = this.#network.ports.get(port.address) !== port
        if (isGone || !this.#network.allows(facts) || !makeRoom(port)) socket.destroy()
        else this.#accept(port, packet.destination, syn, facts, socket)
      },
      // The instance learns of it; to the emulator it is no error.
      (error: NodeJS.ErrnoException) => {
        pending.delete(key)
        if (error.code === 'ECONNREFUSED') sendReset(port, packet.destination, syn)
        else sendIcmpError(port, this.#network.net.gateway, packet, icmpErrors.hostUnreachable)
      },
    )
  }

  #accept(port: Port, address: number, syn: Segment, facts: PacketFacts, socket: Duplex): void {
    const { open } = this.#peersOf(port)
    const [key, number] = [keyOf(address, syn), this.#number]
    this.#number -= 1
    const end = endOf(this.#network, port, number, [syn.destinationPort, syn.sourcePort], address)
    let isJoined = false
    const closed = () => {
      end.closed()
      open.delete(key)
      this.#facts.delete(connection)
      if (!isJoined) socket.destroy()
    }
    const established = (stream: Duplex) => {
      isJoined = true
      void join(stream, socket)
    }
    const connection: Connection = new Connection({ ...end, closed }, established, syn)
    port.connections.set(number, connection)
    open.set(key, connection)
    this.#facts.set(connection, facts)
  }
}
