import { sendIcmpError } from './answers.ts'
import { ethernetHeader, routerMac } from './ethernet.ts'
import { icmpErrors } from './icmp.ts'
import { decrementTtl, type Packet } from './ipv4.ts'
import type { Network } from './network.ts'
import { beginFrame, type Port } from './port.ts'

/** Why a packet does not reach another instance, as the port counts it. */
type Refusal = 'refused' | 'denied' | undefined

/**
 * Carries a packet from one instance to another, as a router does. What the security groups forbid is lost without an
 * answer, as on EC2. Packets that were cut are not carried: only their first piece says what they are.
 */
export function forward(network: Network, from: Port, to: Port, packet: Packet): Refusal {
  const { net, mtu, security } = network
  const { bytes, start, end, ttl, isFragment } = packet
  if (isFragment) return 'refused'
  if (ttl <= 1) {
    sendIcmpError(from, net.gateway, packet, icmpErrors.timeExceeded)
    return 'refused'
  }
  if (end - start > mtu) {
    // RFC 1191: the sender learns the MTU, and cuts its data itself.
    sendIcmpError(from, net.gateway, packet, { type: 3, code: 4, mtu })
    return 'refused'
  }
  if (!security.admits(from, to, packet)) return 'denied'
  const at = beginFrame(to, ethernetHeader + end - start)
  if (at < 0) return undefined
  const out = to.out.buffer
  bytes.copy(out, at, start - ethernetHeader, end)
  to.mac.copy(out, at)
  routerMac.copy(out, at + 6)
  decrementTtl(out, at + ethernetHeader)
  return undefined
}
