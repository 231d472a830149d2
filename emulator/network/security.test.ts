import { describe, expect, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { icmpFrame, Peer, packetFrame, settle, tcpFrame, testSwitch, udpFrame } from './peer.harness.ts'
import type { PacketFacts } from './security.ts'

const [a, b] = ['172.31.0.10', '172.31.0.20']

/** Two instances; what `rules.allows` says of the first packets is asked, and `asked` remembers it. */
function pair(allows: (facts: PacketFacts) => boolean) {
  const rules = { allows }
  const asked: PacketFacts[] = []
  const clock = manualClock()
  const network = testSwitch({
    clock,
    allows: (facts) => {
      asked.push(facts)
      return rules.allows(facts)
    },
  })
  const [left, right] = [new Peer(network, 10), new Peer(network, 20)]
  /** How many of the frames reached the other instance. */
  const passes = async (...frames: [from: Peer, frame: Buffer][]) => {
    left.frames.length = 0
    right.frames.length = 0
    for (const [from, frame] of frames) {
      from.send(frame)
      await settle()
    }
    return left.frames.length + right.frames.length
  }
  const tcp = (from: Peer, bits: number, ports: [number, number]): [Peer, Buffer] => [
    from,
    tcpFrame(from, { destination: from === left ? b : a, ports, bits }),
  ]
  const udp = (from: Peer, ports: [number, number]): [Peer, Buffer] => [
    from,
    udpFrame(from, { destination: from === left ? b : a, ports, data: Buffer.from('x') }),
  ]
  return { rules, asked, clock, network, left, right, passes, tcp, udp }
}

const [syn, synAck, ack, fin, reset] = [2, 18, 16, 17, 4]
const toRight = ({ to }: PacketFacts) => to === 'i-20'

describe('the rules', () => {
  test.each<[string, (peer: Peer) => Buffer, Partial<PacketFacts>]>([
    ['TCP', (peer) => tcpFrame(peer, { destination: b, ports: [4000, 22], bits: syn }), { protocol: 6, port: 22 }],
    [
      'UDP',
      (peer) => udpFrame(peer, { destination: b, ports: [4000, 53], data: Buffer.alloc(1) }),
      { protocol: 17, port: 53 },
    ],
    ['an echo', (peer) => icmpFrame(peer, { destination: b, type: 8 }), { protocol: 1, icmpType: 8, icmpCode: 0 }],
    ['GRE', (peer) => packetFrame(peer, { destination: b, protocol: 47, payload: Buffer.alloc(8) }), { protocol: 47 }],
  ])(
    'judge %s by what its first packet says, and what they deny is lost without a word',
    async (_what, frame, facts) => {
      const { left, right, asked, passes } = pair(() => false)
      expect(await passes([left, frame(left)])).toBe(0)
      expect(asked).toEqual([{ from: 'i-10', to: 'i-20', source: a, destination: b, ...facts }])
      expect([left.stats.denied, right.stats.sent]).toEqual([1, 0])
    },
  )

  test.each<[string, (peer: Peer) => Buffer]>([
    ['TCP that does not begin', (peer) => tcpFrame(peer, { destination: b, ports: [4000, 22], bits: ack })],
    [
      'an answer to a SYN that nobody sent',
      (peer) => tcpFrame(peer, { destination: b, ports: [4000, 22], bits: synAck }),
    ],
    ['a SYN with a FIN', (peer) => tcpFrame(peer, { destination: b, ports: [4000, 22], bits: syn | 1 })],
    ['an echo reply', (peer) => icmpFrame(peer, { destination: b, type: 0 })],
    ['a redirect', (peer) => icmpFrame(peer, { destination: b, type: 5 })],
    ['an error about nothing', (peer) => icmpFrame(peer, { destination: b, type: 3, data: Buffer.alloc(40) })],
    ['half a TCP header', (peer) => packetFrame(peer, { destination: b, protocol: 6, payload: Buffer.alloc(12) })],
    ['half a UDP header', (peer) => packetFrame(peer, { destination: b, protocol: 17, payload: Buffer.alloc(4) })],
  ])('are not asked about %s: nothing began it', async (_what, frame) => {
    const { left, asked, passes } = pair(() => true)
    expect(await passes([left, frame(left)])).toBe(0)
    expect(asked).toEqual([])
  })
})

describe('answers to what is allowed', () => {
  test('pass, on TCP, and nothing else does', async () => {
    const { left, right, passes, tcp } = pair(toRight)
    expect(await passes(tcp(right, synAck, [22, 4000]))).toBe(0)
    expect(await passes(tcp(left, syn, [4000, 22]), tcp(right, synAck, [22, 4000]), tcp(left, ack, [4000, 22]))).toBe(3)
    expect(await passes(tcp(right, ack, [22, 4001]), tcp(right, ack, [23, 4000]), tcp(right, syn, [22, 4000]))).toBe(0)
  })

  test('pass, on UDP and for echoes', async () => {
    const { left, right, passes, udp } = pair(toRight)
    expect(await passes(udp(left, [4000, 53]), udp(right, [53, 4000]))).toBe(2)
    expect(await passes(udp(right, [53, 4001]))).toBe(0)
    const echo = (from: Peer, destination: string, type: number, id: number): [Peer, Buffer] => [
      from,
      icmpFrame(from, { destination, type, id }),
    ]
    expect(await passes(echo(left, b, 8, 7), echo(right, a, 0, 7))).toBe(2)
    expect(await passes(echo(right, a, 0, 8), echo(right, a, 8, 9))).toBe(0)
  })

  test('pass as errors that quote it', async () => {
    const { left, right, passes, udp } = pair(toRight)
    const [, question] = udp(left, [4000, 53])
    const error = (quoted: Buffer) => icmpFrame(right, { destination: a, type: 3, data: quoted.subarray(14) })
    expect(await passes([right, error(question)])).toBe(0)
    expect(await passes([left, question], [right, error(question)])).toBe(2)
    const [, other] = udp(left, [4001, 53])
    expect(await passes([right, error(other)])).toBe(0)
  })
})

describe('what is under way', () => {
  test('ends when its rule is revoked, and not before', async () => {
    const { left, right, rules, network, passes, tcp, udp } = pair(toRight)
    const talk: [Peer, Buffer][] = [tcp(left, ack, [4000, 22]), tcp(right, ack, [22, 4000]), udp(right, [53, 4000])]
    expect(await passes(tcp(left, syn, [4000, 22]), udp(left, [4000, 53]), ...talk)).toBe(5)
    network.rulesChanged()
    expect(await passes(...talk)).toBe(3)
    rules.allows = ({ port }) => port === 53
    network.rulesChanged()
    expect(await passes(...talk)).toBe(1)
  })

  test.each<
    [
      string,
      number,
      (talk: ReturnType<typeof pair>) => [Peer, Buffer][],
      (talk: ReturnType<typeof pair>) => [Peer, Buffer],
    ]
  >([
    ['a question', 30_000, ({ left, udp }) => [udp(left, [1, 2])], ({ right, udp }) => udp(right, [2, 1])],
    [
      'a dialogue',
      180_000,
      ({ left, right, udp }) => [udp(left, [1, 2]), udp(right, [2, 1])],
      ({ right, udp }) => udp(right, [2, 1]),
    ],
    ['a SYN', 120_000, ({ left, tcp }) => [tcp(left, syn, [1, 2])], ({ right, tcp }) => tcp(right, synAck, [2, 1])],
    [
      'a connection',
      432_000_000,
      ({ left, right, tcp }) => [tcp(left, syn, [1, 2]), tcp(right, synAck, [2, 1])],
      ({ right, tcp }) => tcp(right, ack, [2, 1]),
    ],
    [
      'a connection that both have ended',
      120_000,
      ({ left, right, tcp }) => [
        tcp(left, syn, [1, 2]),
        tcp(right, synAck, [2, 1]),
        tcp(left, fin, [1, 2]),
        tcp(right, fin, [2, 1]),
      ],
      ({ right, tcp }) => tcp(right, ack, [2, 1]),
    ],
    [
      'a connection that was reset',
      10_000,
      ({ left, right, tcp }) => [tcp(left, syn, [1, 2]), tcp(right, synAck, [2, 1]), tcp(left, reset, [1, 2])],
      ({ right, tcp }) => tcp(right, ack, [2, 1]),
    ],
  ])('is forgotten in time: %s after %i ms', async (_what, milliseconds, begin, later) => {
    for (const [elapsed, passed] of [
      [milliseconds - 1, 1],
      [milliseconds, 0],
    ] as const) {
      const talk = pair(toRight)
      await talk.passes(...begin(talk))
      await talk.clock.advance(elapsed)
      expect(await talk.passes(later(talk))).toBe(passed)
    }
  })

  test('is limited for each instance, and what nobody has answered makes room, the oldest first', async () => {
    const { left, right, asked, passes, udp } = pair(() => true)
    for (let port = 1; port <= 8192; port += 1) left.send(udp(left, [port, 53])[1])
    while (left.stats.received < 8192) await settle()
    expect(await passes(udp(left, [9000, 53]))).toBe(1)
    expect(left.stats.denied).toBe(0)
    expect(asked.length).toBe(8193)
    expect(await passes(udp(right, [53, 2]))).toBe(1)
    expect(asked.length).toBe(8193)
    // An answer to the one that is forgotten is a question of its own, about which the rules are asked.
    expect(await passes(udp(right, [53, 1]))).toBe(1)
    expect(asked.length).toBe(8194)
  })

  test('is limited for each instance, and what is answered stays until it expires', async () => {
    const { left, right, clock, passes, udp } = pair(() => true)
    for (let port = 1; port <= 8192; port += 1) {
      left.send(udp(left, [port, 53])[1])
      right.send(udp(right, [53, port])[1])
      if (port % 64 === 0) await settle()
    }
    while (left.stats.received < 8192 || right.stats.received < 8192) await settle()
    expect([left.stats.denied, right.stats.denied]).toEqual([0, 0])
    expect(await passes(udp(left, [9000, 53]))).toBe(0)
    // The other instance's share is its own.
    expect(await passes(udp(right, [9000, 53]))).toBe(1)
    await clock.advance(180_000)
    expect(await passes(udp(left, [9000, 53]))).toBe(1)
  })

  test('is forgotten with an instance: who has its address next inherits nothing', async () => {
    const { left, network, passes, tcp } = pair(toRight)
    await passes(tcp(left, syn, [4000, 22]))
    network.disconnect('i-20')
    const next = new Peer(network, 20)
    expect(await passes([next, tcpFrame(next, { destination: a, ports: [22, 4000], bits: synAck })])).toBe(0)
    expect(next.stats.denied).toBe(1)
  })
})
