import { describe, expect, test } from 'vitest'
import { egressAllowed, type IngressPacket, ingressAllowed, openPorts } from './allows.ts'
import type { Rule, SecurityGroupRecord } from './group.ts'

const group = (id: string, rules: Rule[]): SecurityGroupRecord => ({
  id,
  ownerId: '1',
  name: id,
  description: '',
  rules,
})
const rule = (protocol: string, fromPort: number, toPort: number, from: string): Rule => ({
  protocol,
  fromPort,
  toPort,
  source: from.includes('/') ? { cidr: from } : { groupId: from, ownerId: '1', groupName: from },
})
const anywhere = '0.0.0.0/0'

/** i-web is in `web` and `both`, i-app in `app` and `both`, i-alone in a group without rules. */
const groups = {
  web: group('web', [rule('tcp', 80, 443, anywhere), rule('icmp', 8, -1, '10.0.0.0/8'), rule('50', -1, -1, anywhere)]),
  app: group('app', [rule('tcp', 8080, 8080, 'web'), rule('udp', 0, 65_535, 'web'), rule('icmp', 3, 4, 'web')]),
  both: group('both', [rule('tcp', 22, 22, '192.0.2.0/24')]),
  alone: group('alone', []),
  friends: group('friends', [rule('-1', -1, -1, 'friends')]),
}
const members: Record<string, SecurityGroupRecord[]> = {
  'i-web': [groups.web, groups.both],
  'i-app': [groups.app, groups.both],
  'i-alone': [groups.alone],
  'i-friend': [groups.friends],
  'i-friend-2': [groups.alone, groups.friends],
}
const allowed = (packet: IngressPacket) => ingressAllowed((id) => members[id] ?? [], packet)
const from = (sender: string): IngressPacket['from'] =>
  sender.startsWith('i-') ? { instanceId: sender } : { address: sender }

describe('tcp and udp', () => {
  test.each<[string, string, 'tcp' | 'udp' | number, number | undefined, boolean]>([
    ['203.0.113.9', 'i-web', 'tcp', 80, true],
    ['203.0.113.9', 'i-web', 'tcp', 443, true],
    ['203.0.113.9', 'i-web', 6, 200, true],
    ['203.0.113.9', 'i-web', 'tcp', 79, false],
    ['203.0.113.9', 'i-web', 'tcp', 444, false],
    ['203.0.113.9', 'i-web', 'udp', 80, false],
    ['203.0.113.9', 'i-web', 17, 80, false],
    ['i-alone', 'i-web', 'tcp', 80, true],
    ['192.0.2.77', 'i-app', 'tcp', 22, true],
    ['192.0.3.77', 'i-app', 'tcp', 22, false],
    ['i-web', 'i-app', 'tcp', 22, false],
    ['i-web', 'i-app', 'tcp', 8080, true],
    ['i-app', 'i-app', 'tcp', 8080, false],
    ['203.0.113.9', 'i-app', 'tcp', 8080, false],
    ['i-web', 'i-app', 'udp', 0, true],
    ['i-web', 'i-app', 'udp', undefined, true],
    ['203.0.113.9', 'i-web', 'tcp', undefined, false],
    ['203.0.113.9', 'i-alone', 'tcp', 80, false],
    ['203.0.113.9', 'i-unknown', 'tcp', 80, false],
    ['i-unknown', 'i-app', 'tcp', 8080, false],
  ])('%s to %s, %s %s: %s', (sender, to, protocol, port, expected) =>
    expect(allowed({ from: from(sender), to, protocol, ...(port !== undefined && { port }) })).toBe(expected),
  )

  test('the address of an instance counts against ranges', () => {
    const packet = { to: 'i-app', protocol: 'tcp', port: 22 } as const
    expect(allowed({ ...packet, from: { instanceId: 'i-alone', address: '192.0.2.5' } })).toBe(true)
    expect(allowed({ ...packet, from: { instanceId: 'i-alone', address: '10.0.0.5' } })).toBe(false)
  })
})

describe('icmp', () => {
  test.each<[string, string, number | undefined, number | undefined, boolean]>([
    ['10.1.1.1', 'i-web', 8, 0, true],
    ['10.1.1.1', 'i-web', 8, undefined, true],
    ['10.1.1.1', 'i-web', 0, 0, false],
    ['10.1.1.1', 'i-web', undefined, undefined, false],
    ['11.1.1.1', 'i-web', 8, 0, false],
    ['i-web', 'i-app', 3, 4, true],
    ['i-web', 'i-app', 3, 1, false],
    ['i-web', 'i-app', 3, undefined, false],
  ])('%s to %s, type %s code %s: %s', (sender, to, icmpType, icmpCode, expected) => {
    const more = { ...(icmpType !== undefined && { icmpType }), ...(icmpCode !== undefined && { icmpCode }) }
    expect(allowed({ from: from(sender), to, protocol: 'icmp', ...more })).toBe(expected)
    expect(allowed({ from: from(sender), to, protocol: 1, ...more })).toBe(expected)
  })
})

describe('other protocols', () => {
  test.each<[string, string, number, boolean]>([
    ['203.0.113.9', 'i-web', 50, true],
    ['203.0.113.9', 'i-web', 51, false],
    ['i-friend', 'i-friend-2', 51, true],
    ['i-friend-2', 'i-friend', 6, true],
    ['i-web', 'i-friend', 6, false],
  ])('%s to %s, %i: %s', (sender, to, protocol, expected) =>
    expect(allowed({ from: from(sender), to, protocol, port: 9 })).toBe(expected),
  )
})

describe('what goes out', () => {
  const out = (...egress: Rule[]) => ({ ...group('out', []), egress })
  const members: Record<string, SecurityGroupRecord[]> = {
    'i-any': [group('any', [])],
    'i-none': [out()],
    'i-some': [out(), out(rule('tcp', 80, 80, '10.0.0.0/8'), rule('udp', 53, 53, 'any'), rule('icmp', 8, 0, 'any'))],
  }
  type Row = [string, string, 'tcp' | 'udp' | 'icmp', number, boolean]
  test.each<Row>([
    ['i-any', '203.0.113.9', 'tcp', 80, true],
    ['i-any', 'i-none', 'udp', 53, true],
    ['i-none', '203.0.113.9', 'tcp', 80, false],
    ['i-none', 'i-any', 'icmp', 8, false],
    ['i-some', '10.1.2.3', 'tcp', 80, true],
    ['i-some', '10.1.2.3', 'tcp', 81, false],
    ['i-some', '11.1.2.3', 'tcp', 80, false],
    ['i-some', 'i-any', 'udp', 53, true],
    ['i-some', 'i-none', 'udp', 53, false],
    ['i-some', 'i-any', 'icmp', 8, true],
    ['i-some', 'i-any', 'icmp', 13, false],
    ['i-unknown', '203.0.113.9', 'tcp', 80, false],
  ])('%s to %s, %s %i: %s', (sender, to, protocol, number, expected) => {
    const what = protocol === 'icmp' ? { protocol, icmpType: number, icmpCode: 0 } : { protocol, port: number }
    expect(egressAllowed((id) => members[id] ?? [], { ...what, from: sender, to: from(to) })).toBe(expected)
  })
})

describe('ports open to the outside', () => {
  const usual = [22, 80, 443, 3389]
  test.each<[string, Rule[], number[]]>([
    ['nothing', [], []],
    ['everywhere', [rule('tcp', 22, 22, anywhere)], [22]],
    ['a range of ports', [rule('tcp', 80, 3389, anywhere)], [80, 443, 3389]],
    ['the range of the loopback', [rule('tcp', 22, 22, '127.0.0.0/8')], [22]],
    ['its first address', [rule('tcp', 22, 22, '127.0.0.1/32')], [22]],
    ['another of its addresses', [rule('tcp', 22, 22, '127.8.0.0/16')], []],
    ['another range', [rule('tcp', 22, 22, '203.0.113.0/24')], []],
    ['a group', [rule('tcp', 22, 22, 'some')], []],
    ['another protocol', [rule('udp', 22, 22, anywhere)], []],
    ['all protocols', [rule('-1', -1, -1, anywhere)], usual],
  ])('%s', (_title, rules, expected) => {
    expect(openPorts([group('some', rules)], usual)).toEqual(expected)
    expect(openPorts([group('empty', []), group('some', rules)], usual)).toEqual(expected)
  })

  test('none without groups', () => expect(openPorts([], usual)).toEqual([]))
})
