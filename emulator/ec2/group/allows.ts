import { cidrContains } from './cidr.ts'
import { egressRules, type Rule, type SecurityGroupRecord } from './group.ts'
import { protocolName } from './protocol.ts'

/** One end of a packet's way: an instance, with the address that it was given, or an address outside. */
export type Place = { readonly instanceId: string; readonly address?: string } | { readonly address: string }

/** What a rule looks at in a packet, or in the first packet of a connection. */
interface RuledPacket {
  /** A name, or the number in the IPv4 header. */
  readonly protocol: 'tcp' | 'udp' | 'icmp' | number
  /** The destination port of tcp and udp. */
  readonly port?: number
  readonly icmpType?: number
  readonly icmpCode?: number
}

/** A packet that an instance is to receive. A sender without an address fits no range but 0.0.0.0/0. */
export interface IngressPacket extends RuledPacket {
  readonly from: Place
  /** The id of the instance. */
  readonly to: string
}

/** A packet that an instance sends. */
export interface EgressPacket extends RuledPacket {
  /** The id of the instance. */
  readonly from: string
  readonly to: Place
}

/** Groups of an instance, none for one that is not known. */
export type GroupsOf = (instanceId: string) => readonly SecurityGroupRecord[]

/**
 * Whether the groups of the receiving instance let a packet in: any rule of any of its groups suffices. Replies are the
 * network's to recognize, as groups are stateful. An instance without groups receives nothing.
 */
export function ingressAllowed(groupsOf: GroupsOf, packet: IngressPacket): boolean {
  return groupsOf(packet.to).some(({ rules }) => allow(rules, packet, packet.from, groupsOf))
}

/** Whether the groups of the sending instance let a packet out. An instance without groups sends nothing. */
export function egressAllowed(groupsOf: GroupsOf, packet: EgressPacket): boolean {
  return groupsOf(packet.from).some((group) => allow(egressRules(group), packet, packet.to, groupsOf))
}

/** Whether any of the rules is about such a packet and its other end. */
function allow(rules: readonly Rule[], packet: RuledPacket, other: Place, groupsOf: GroupsOf): boolean {
  const groups = new Set('instanceId' in other ? groupsOf(other.instanceId).map(({ id }) => id) : [])
  return rules.some((rule) => admits(rule, packet) && names(rule, other.address, groups))
}

/**
 * Those of `candidates` that groups let in over tcp from outside of the cloud. To the instance, who dials its public
 * address is the machine that the emulator runs on, 127.0.0.1: a rule for 0.0.0.0/0 or for a range of 127.0.0.0/8 that
 * holds this address opens a port, a rule for any other range or for a group does not.
 */
export function openPorts(groups: readonly SecurityGroupRecord[], candidates: readonly number[]): number[] {
  const from = { address: outside }
  return candidates.filter((port) => ingressAllowed(() => groups, { from, to: '', protocol: 'tcp', port }))
}

/** The address from which the instances see everything outside of the cloud come. */
const outside = '127.0.0.1'

/** Whether a rule names one with that address, or a member of these groups. */
function names({ source }: Rule, address: string | undefined, groups: ReadonlySet<string>): boolean {
  if ('groupId' in source) return groups.has(source.groupId)
  return source.cidr === '0.0.0.0/0' || (address !== undefined && cidrContains(source.cidr, address))
}

/** Whether a rule is about such packets. A packet that does not tell its port or type needs a rule for all of them. */
function admits(rule: Rule, { protocol, port, icmpType, icmpCode }: RuledPacket): boolean {
  if (rule.protocol === '-1') return true
  if (rule.protocol !== protocolName(protocol)) return false
  if (rule.protocol === 'icmp') return isAny(rule.fromPort, icmpType) && isAny(rule.toPort, icmpCode)
  if (rule.protocol !== 'tcp' && rule.protocol !== 'udp') return true
  return rule.fromPort <= (port ?? 0) && (port ?? 65_535) <= rule.toPort
}

const isAny = (wanted: number, given: number | undefined) => wanted === -1 || wanted === given
