import { describe, expect, test } from 'vitest'
import { icmpFrame, settle, tcpFrame, udpFrame } from '../peer.harness.ts'
import { readDatagram } from '../udp.ts'
import { natted } from './nat.harness.ts'

const clock = '192.0.2.123'
type Natted = ReturnType<typeof natted>
const say = ({ peer, send }: Natted, data: string, ports: [number, number] = [4000, 123], destination = clock) =>
  send(udpFrame(peer, { destination, ports, data: Buffer.from(data) }))
const errorsOf = ({ peer }: Natted) =>
  peer.frames.flatMap((frame) => (frame.readUInt8(23) === 1 ? [[frame.readUInt8(34), frame.readUInt8(35)]] : []))

describe('UDP to the outside', () => {
  test('goes by one socket for each flow, and answers come as the other side’s', async () => {
    const it = natted()
    await say(it, 'what time?')
    await say(it, 'and now?')
    await say(it, 'and there?', [4000, 124])
    await say(it, 'and to me?', [4001, 123])
    expect(it.flows.map(({ to, sent }) => [to, ...sent])).toEqual([
      [`${clock}:123`, 'what time?', 'and now?'],
      [`${clock}:124`, 'and there?'],
      [`${clock}:123`, 'and to me?'],
    ])
    it.flows[2]!.events.received(Buffer.from('noon'))
    const packet = await it.peer.nextPacket(17)
    expect(packet.source).toBe(0xc000027b)
    expect(readDatagram(packet)).toEqual({ sourcePort: 123, destinationPort: 4001, payload: Buffer.from('noon') })
  })

  test.each([
    ['a question', false, 30_000],
    ['a dialogue', true, 180_000],
  ])('%s lives for a while after its last datagram', async (_what, answered, time) => {
    const it = natted()
    await say(it, 'a')
    if (answered) it.flows[0]!.events.received(Buffer.from('b'))
    await it.clock.advance(time - 1)
    await say(it, 'c')
    await it.clock.advance(time - 1)
    expect(it.flows.map(({ closed }) => closed)).toEqual([false])
    await it.clock.advance(1)
    expect(it.flows.map(({ closed }) => closed)).toEqual([true])
    await say(it, 'd')
    expect(it.flows[1]!.sent).toEqual(['d'])
  })

  test('ends with an error that quotes it when nobody listens there', async () => {
    const it = natted()
    await say(it, 'anybody?')
    it.flows[0]!.events.failed(new Error('nobody'))
    await settle()
    expect(errorsOf(it)).toEqual([[3, 3]])
    expect(it.flows[0]!.closed).toBe(true)
    expect(it.peer.frames[0]!.subarray(-8).toString()).toBe('anybody?')
  })

  test('is refused to what guests may not reach, and nobody is asked', async () => {
    const it = natted()
    await say(it, 'a', [4000, 123], '10.0.0.1')
    expect([errorsOf(it), it.flows, it.peer.stats.refused]).toEqual([[[3, 13]], [], 1])
  })

  test('is lost without a rule, and ends with its rule', async () => {
    const it = natted({ allows: ({ port }) => port === 123 })
    await say(it, 'a', [4000, 124])
    expect([it.peer.frames, it.flows, it.peer.stats.denied]).toEqual([[], [], 1])
    await say(it, 'b')
    it.network.rulesChanged()
    expect(it.flows[0]!.closed).toBe(false)
    it.rules.allows = () => false
    it.network.rulesChanged()
    expect(it.flows[0]!.closed).toBe(true)
    await say(it, 'c')
    expect(it.flows).toHaveLength(1)
  })

  test('ends with the instance', async () => {
    const it = natted()
    await say(it, 'a')
    it.network.disconnect('i-10')
    expect(it.flows[0]!.closed).toBe(true)
  })

  test('is limited for each instance', async () => {
    const it = natted()
    for (let port = 1; port <= 512; port += 1) {
      it.peer.send(udpFrame(it.peer, { destination: clock, ports: [port, 9], data: Buffer.from('a') }))
    }
    while (it.peer.stats.received < 512) await settle()
    expect([it.flows.length, it.peer.stats.denied]).toEqual([512, 0])
    await say(it, 'a', [513, 9])
    expect([it.flows.length, it.peer.stats.denied]).toEqual([512, 1])
  })

  test('loses answers that the network cannot carry in one piece', async () => {
    const it = natted()
    await say(it, 'a')
    const { lost } = it.peer.stats
    it.flows[0]!.events.received(Buffer.alloc(65_507))
    await settle()
    expect([it.peer.frames, it.peer.stats.lost - lost]).toEqual([[], 1])
  })
})

test.each<[string, (it: Natted) => Buffer, number[]]>([
  ['an echo', ({ peer }) => icmpFrame(peer, { destination: clock, type: 8 }), [3, 13]],
  [
    'half a datagram',
    ({ peer }) => udpFrame(peer, { destination: clock, ports: [1, 2], data: Buffer.alloc(8), fragment: 0x2000 }),
    [3, 13],
  ],
  [
    'UDP that has no hop left',
    ({ peer }) => udpFrame(peer, { destination: clock, ports: [1, 2], data: Buffer.alloc(8), ttl: 1 }),
    [11, 0],
  ],
  [
    'TCP that has no hop left',
    ({ peer }) => tcpFrame(peer, { destination: clock, ports: [1, 2], bits: 2, ttl: 1 }),
    [11, 0],
  ],
])('%s does not go outside', async (_what, frame, error) => {
  const it = natted()
  await it.send(frame(it))
  expect([errorsOf(it), it.flows, it.connections]).toEqual([[error], [], []])
})

describe('names', () => {
  const query = (name: string) => {
    const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
    const head = Buffer.from('123401000001000000000000', 'hex')
    return Buffer.concat([head, ...labels, Buffer.from('0000010001', 'hex')])
  }
  const ask = ({ peer, send }: Natted, name: string) =>
    send(udpFrame(peer, { destination: '172.31.0.2', ports: [5353, 53], data: query(name) }))

  test('that are not the cloud’s are asked of the host’s name server, whatever the rules', async () => {
    const it = natted({ allows: () => false })
    await ask(it, 'example.com')
    expect(it.flows.map(({ to, sent }) => [to, ...sent])).toEqual([['resolver', query('example.com').toString()]])
    it.network.rulesChanged()
    it.flows[0]!.events.received(Buffer.from('an answer'))
    const packet = await it.peer.nextPacket(17)
    expect(packet.source).toBe(0xac1f0002)
    expect(readDatagram(packet)).toMatchObject({
      sourcePort: 53,
      destinationPort: 5353,
      payload: Buffer.from('an answer'),
    })
  })

  test.each([
    ['ip-172-31-0-10.euca.internal', 0],
    ['ip-172-31-0-99.euca.internal', 3],
  ])('of the cloud are its own to answer: %s', async (name, code) => {
    const it = natted()
    await ask(it, name)
    const answer = readDatagram(await it.peer.nextPacket(17))
    expect(answer!.payload.readUInt8(3) & 15).toBe(code)
    expect(it.flows).toEqual([])
  })

  test('cannot be asked where the host has no name server', async () => {
    const it = natted({ hasResolver: false })
    await ask(it, 'example.com')
    expect([it.flows, it.peer.stats.denied]).toEqual([[], 1])
  })
})
