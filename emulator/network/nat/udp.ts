import { formatAddress } from '../addresses.ts'
import { Alarm } from '../alarm.ts'
import { sendDatagram, sendIcmpError } from '../answers.ts'
import { icmpErrors } from '../icmp.ts'
import { ipv4Header, keepPacket, type Packet } from '../ipv4.ts'
import type { Network } from '../network.ts'
import type { Port } from '../port.ts'
import type { PacketFacts } from '../security.ts'
import { type Datagram, udpHeader } from '../udp.ts'
import type { DatagramFlow, FlowEvents, Outside } from './outside.ts'

/** How many UDP flows an instance may have outside; each is a socket of the host. */
const mostFlows = 512

/** How long a flow lives without a datagram, in milliseconds: before it was answered, and after (as between instances). */
const [questionTime, dialogueTime] = [30_000, 180_000]

/** A flow of an instance with one port of one address outside. */
interface Flow {
  /** What the rules were asked; undefined where they have no say. */
  facts: PacketFacts | undefined
  socket: DatagramFlow
  alarm: Alarm
  answered: boolean
}

/** How the socket of a flow is opened. */
type Opens = (events: FlowEvents) => DatagramFlow | undefined

/** Carries UDP of instances through sockets of the host, one for each flow. Answers longer than the MTU are lost. */
export class UdpNat {
  readonly #network: Network
  readonly #outside: Outside
  readonly #flows = new Map<Port, Map<string, Flow>>()

  constructor(network: Network, outside: Outside) {
    this.#network = network
    this.#outside = outside
  }

  /** Takes a datagram of an instance to the outside. False when the rules forbid it or the instance has too many flows. */
  send(port: Port, packet: Packet, datagram: Datagram): boolean {
    const destination = formatAddress(packet.destination)
    const what = { protocol: packet.protocol, port: datagram.destinationPort }
    const facts = { from: port.instanceId, to: 'outside', source: formatAddress(port.address), destination, ...what }
    return this.#send(port, packet, datagram, facts, (events) =>
      this.#outside.open(destination, datagram.destinationPort, events),
    )
  }

  /**
   * Takes a question to the host's name server, whose answer comes as the router's. No rule is asked, as on EC2. False
   * when the host has none or the instance has too many flows.
   */
  ask(port: Port, packet: Packet, datagram: Datagram): boolean {
    return this.#send(port, packet, datagram, undefined, (events) => this.#outside.openResolver(events))
  }

  /** Asks again about all that is open; what the rules now refuse ends. */
  rulesChanged(): void {
    for (const [port, flows] of this.#flows) {
      for (const [key, { facts }] of flows) if (facts && !this.#network.allows(facts)) this.#end(port, key)
    }
  }

  /** Ends all flows of a port that goes. */
  forget(port: Port): void {
    for (const key of [...(this.#flows.get(port)?.keys() ?? [])]) this.#end(port, key)
  }

  #send(port: Port, packet: Packet, datagram: Datagram, facts: PacketFacts | undefined, opens: Opens): boolean {
    const key = `${packet.destination} ${datagram.destinationPort} ${datagram.sourcePort}`
    const flow = this.#flows.get(port)?.get(key) ?? this.#begin(port, key, packet, datagram, facts, opens)
    if (!flow) return false
    flow.alarm.set(flow.answered ? dialogueTime : questionTime)
    flow.socket.send(datagram.payload)
    return true
  }

  #begin(
    port: Port,
    key: string,
    packet: Packet,
    { sourcePort, destinationPort }: Datagram,
    facts: PacketFacts | undefined,
    opens: Opens,
  ): Flow | undefined {
    const flows = this.#flows.get(port) ?? new Map<string, Flow>()
    if (flows.size >= mostFlows || (facts && !this.#network.allows(facts))) return undefined
    const [kept, source] = [keepPacket(packet), packet.destination]
    const socket = opens({
      received: (payload) => {
        flow.answered = true
        flow.alarm.set(dialogueTime)
        if (payload.length + ipv4Header + udpHeader > this.#network.mtu) port.stats.lost += 1
        else sendDatagram(port, { source }, { sourcePort: destinationPort, destinationPort: sourcePort, payload })
      },
      failed: () => {
        this.#end(port, key)
        sendIcmpError(port, source, kept, icmpErrors.portUnreachable)
      },
    })
    if (!socket) return undefined
    const alarm = new Alarm(this.#network.clock, () => this.#end(port, key))
    const flow: Flow = { facts, socket, alarm, answered: false }
    this.#flows.set(port, flows.set(key, flow))
    return flow
  }

  #end(port: Port, key: string): void {
    const flows = this.#flows.get(port)
    const flow = flows?.get(key)
    if (!flows || !flow) return
    flow.alarm.close()
    flow.socket.close()
    flows.delete(key)
    if (flows.size === 0) this.#flows.delete(port)
  }
}
