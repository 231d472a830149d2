import { formatAddress } from '../addresses.ts'
import { sendIcmpError, sendProhibited } from '../answers.ts'
import { icmpErrors } from '../icmp.ts'
import { type Packet, protocols } from '../ipv4.ts'
import type { Network } from '../network.ts'
import type { Port } from '../port.ts'
import { readSegment } from '../tcp/segment.ts'
import { type Datagram, readDatagram } from '../udp.ts'
import type { Outside } from './outside.ts'
import { TcpNat } from './tcp.ts'
import { UdpNat } from './udp.ts'

/** The way of instances to the outside: what they send ends here, and sockets of the host send it on as their own. */
export interface Nat {
  /** Takes a packet to an address outside of the network; says how the port counts one that goes nowhere. */
  carry(port: Port, packet: Packet): 'refused' | 'denied' | undefined
  /** Takes a question about a name that is not the cloud's to the host's name server. */
  ask(port: Port, packet: Packet, question: Datagram): 'denied' | undefined
  /** The rules have changed: what they no longer allow ends. */
  rulesChanged(): void
  /** Ends what a port has open that no connection of it is. */
  forget(port: Port): void
}

/** Makes the way outside for a switch. Only TCP and UDP have one; a packet that was cut has none. */
export function createNat(network: Network, outside: Outside): Nat {
  const [tcp, udp] = [new TcpNat(network, outside), new UdpNat(network, outside)]
  const refuse = (port: Port, packet: Packet, segment: ReturnType<typeof readSegment>) => {
    sendProhibited(port, network.net.gateway, packet, segment)
    return 'refused' as const
  }
  const passed = (did: boolean) => (did ? undefined : ('denied' as const))
  return {
    carry(port, packet) {
      if (packet.ttl <= 1) {
        sendIcmpError(port, network.net.gateway, packet, icmpErrors.timeExceeded)
        return 'refused'
      }
      const segment = packet.protocol === protocols.tcp && !packet.isFragment ? readSegment(packet) : undefined
      const datagram = packet.protocol === protocols.udp && !packet.isFragment ? readDatagram(packet) : undefined
      const isReached = outside.reaches(formatAddress(packet.destination))
      if (isReached && segment) return passed(tcp.receive(port, packet, segment))
      if (isReached && datagram) return passed(udp.send(port, packet, datagram))
      return refuse(port, packet, segment)
    },
    ask: (port, packet, question) => passed(udp.ask(port, packet, question)),
    rulesChanged() {
      tcp.rulesChanged()
      udp.rulesChanged()
    },
    forget: (port) => udp.forget(port),
  }
}
