import type { Duplex } from 'node:stream'
import { contains, limitedBroadcast, metadataAddress, parseAddress } from './addresses.ts'
import { sendDatagram, sendEchoReply, sendIcmpError, sendProhibited } from './answers.ts'
import { receiveSegment } from './connections.ts'
import { answerDhcp, dhcpPorts, readDhcp } from './dhcp.ts'
import { answerDns, asksOutside, type Names } from './dns.ts'
import { isMac } from './ethernet.ts'
import { forward } from './forward.ts'
import { icmpErrors, icmpTypes, isSoundIcmp } from './icmp.ts'
import { type Packet, protocols } from './ipv4.ts'
import type { Network } from './network.ts'
import type { Port } from './port.ts'
import { type End, limitHops } from './tcp/outlet.ts'
import { readSegment } from './tcp/segment.ts'
import { type Datagram, readDatagram } from './udp.ts'

/** How the port counts a packet that went nowhere; undefined when all is well. */
export type Refusal = 'refused' | 'denied' | 'spoofed' | undefined

const dnsPort = 53
const httpPort = 80

/** Says what becomes of a packet of an instance: the router answers it, or carries it to another instance. */
export function route(network: Network, port: Port, packet: Packet): Refusal {
  const { net, ports } = network
  const { source, destination } = packet
  if (source !== port.address || destination === limitedBroadcast) return dhcp(network, port, packet)
  if (destination === net.gateway || destination === net.resolver || destination === metadataAddress) {
    return local(network, port, packet)
  }
  const other = ports.get(destination)
  if (other) return forward(network, port, other, packet)
  // Multicast, and what else lies above; nobody answers a broadcast.
  if (destination >= 0xe0000000 || destination === net.broadcast) return 'refused'
  if (contains(net, destination)) {
    sendIcmpError(port, net.gateway, packet, icmpErrors.hostUnreachable)
    return 'refused'
  }
  if (network.nat) return network.nat.carry(port, packet)
  const segment = packet.protocol === protocols.tcp && !packet.isFragment ? readSegment(packet) : undefined
  sendProhibited(port, net.gateway, packet, segment)
  return 'refused'
}

/** A packet from an address that is not the port's is DHCP's, or a lie. */
function dhcp(network: Network, port: Port, packet: Packet): Refusal {
  const { net } = network
  const fromNowhere = packet.source === 0 || packet.source === port.address
  const toServer = packet.destination === limitedBroadcast || packet.destination === net.gateway
  if (!fromNowhere) return 'spoofed'
  const isUdp = packet.protocol === protocols.udp && !packet.isFragment
  const datagram = toServer && isUdp ? readDatagram(packet) : undefined
  if (datagram?.destinationPort !== dhcpPorts.server) return packet.source === 0 ? 'spoofed' : 'refused'
  return answerLease(network, port, datagram)
}

function answerLease({ net, domain, mtu }: Network, port: Port, { payload }: Datagram): Refusal {
  const request = readDhcp(payload)
  if (!request) return 'refused'
  if (!isMac(request.mac, 0, port.mac)) return 'spoofed'
  const answer = answerDhcp(request, { address: port.address, subnet: net, hostname: port.hostname, domain, mtu })
  if (!answer) return undefined
  const addresses = { source: net.gateway, destination: answer.destination }
  const ports = { sourcePort: dhcpPorts.server, destinationPort: dhcpPorts.client }
  sendDatagram(port, addresses, { ...ports, payload: answer.payload })
  return undefined
}

/** What is for the router itself. */
function local(network: Network, port: Port, packet: Packet): Refusal {
  if (packet.isFragment) return 'refused'
  if (packet.protocol === protocols.tcp) return tcp(network, port, packet)
  if (packet.protocol === protocols.udp) return udp(network, port, packet)
  if (packet.protocol === protocols.icmp) return icmp(port, packet)
  sendIcmpError(port, network.net.gateway, packet, { type: 3, code: 2 })
  return 'refused'
}

function tcp(network: Network, port: Port, packet: Packet): Refusal {
  const segment = readSegment(packet)
  if (!segment) return 'refused'
  const isMetadata = packet.destination === metadataAddress && segment.destinationPort === httpPort
  const accept = isMetadata
    ? (stream: Duplex, end: End) => network.metadata(port.instanceId, stream, (hops) => limitHops(end, hops))
    : undefined
  receiveSegment(network, port, packet.destination, segment, accept)
  return undefined
}

function udp(network: Network, port: Port, packet: Packet): Refusal {
  const datagram = readDatagram(packet)
  if (!datagram) return 'refused'
  if (packet.destination === network.net.gateway && datagram.destinationPort === dhcpPorts.server) {
    return answerLease(network, port, datagram)
  }
  if (packet.destination === network.net.resolver && datagram.destinationPort === dnsPort) {
    return dns(network, port, packet, datagram)
  }
  sendIcmpError(port, packet.destination, packet, icmpErrors.portUnreachable)
  return 'refused'
}

function icmp(port: Port, packet: Packet): Refusal {
  if (!isSoundIcmp(packet) || packet.bytes.readUInt8(packet.payload) !== icmpTypes.echo) return 'refused'
  sendEchoReply(port, packet)
  return undefined
}

function dns(network: Network, port: Port, packet: Packet, question: Datagram): Refusal {
  const { sourcePort, payload } = question
  const names = namesFor(network, port)
  if (network.nat && asksOutside(payload, names)) return network.nat.ask(port, packet, question)
  const answer = answerDns(payload, names)
  if (!answer) return 'refused'
  const datagram = { sourcePort: dnsPort, destinationPort: sourcePort, payload: answer }
  sendDatagram(port, { source: packet.destination }, datagram)
  return undefined
}

function namesFor(network: Network, port: Port): Names {
  return {
    domain: network.domain,
    isOwnAddress: (address) => contains(network.net, address),
    addressOf: (name) => addressOf(network, port, name),
    nameOf: (address) => {
      const other = network.ports.get(address)
      return other && `${other.hostname}.${network.domain}`
    },
  }
}

/** The name that instances of EC2 know their metadata by, besides its address. */
const metadataName = 'instance-data'

function addressOf(network: Network, port: Port, name: string): number | undefined {
  const suffix = `.${network.domain.toLowerCase()}`
  const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
  if (short === metadataName) return metadataAddress
  for (const other of network.ports.values()) if (other.hostname.toLowerCase() === short) return other.address
  const address = network.resolve(name, port.instanceId)
  return address === undefined ? undefined : parseAddress(address)
}
