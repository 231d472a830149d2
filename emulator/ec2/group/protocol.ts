import type { Fidelity } from '../../../src/protocol/faults.ts'
import { fault } from '../faults.ts'
import type { Rule } from './group.ts'

/** The protocols that have names, by their numbers. */
const names: Readonly<Record<string, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp' }

/** A protocol as rules have it, by name where it has one: `tcp` for 6. */
export const protocolName = (protocol: string | number): string => names[protocol] ?? String(protocol)

/**
 * The protocol of a permission. Eucalyptus without a VPC has tcp, udp and icmp; AWS also every other number, and -1 for
 * all. Throws the fault for any other.
 */
export function protocolOf(text: string, fidelity: Fidelity): string {
  const protocol = protocolName(fidelity === 'aws' ? text.toLowerCase() : text)
  if (Object.values(names).includes(protocol)) return protocol
  const numbered = /^(?:-1|0|[1-9]\d{0,2})$/.test(protocol) && Number(protocol) <= 255
  if (fidelity === 'aws' && numbered) return protocol
  throw fault('protocolInvalid', text)
}

/** The ports of a permission, or its type and code. Throws the faults for those that are missing, too big or turned round. */
export function portsOf(
  protocol: string,
  from: number | undefined,
  to: number | undefined,
): Pick<Rule, 'fromPort' | 'toPort'> {
  if (protocol === 'icmp') {
    const [fromPort, toPort] = [from ?? -1, to ?? -1]
    const wrong = [fromPort, toPort].find((number) => number < -1 || number > 255)
    if (wrong !== undefined) throw fault('icmpOutOfRange', String(wrong))
    return { fromPort, toPort }
  }
  if (protocol !== 'tcp' && protocol !== 'udp') return { fromPort: -1, toPort: -1 }
  if (from === undefined || to === undefined) throw fault('portsMissing')
  const [low, high] = [String(from), String(to)]
  if ([from, to].some((port) => port < 0 || port > 65_535)) throw fault('portOutOfRange', low, high)
  if (from > to) throw fault('portsInverted', low, high)
  return { fromPort: from, toPort: to }
}
