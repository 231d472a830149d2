import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { settle, tcpFrame } from '../peer.harness.ts'
import { readSegment } from '../tcp/segment.ts'
import { natted } from './nat.harness.ts'

const web = '93.184.216.34'
const [syn, ack, push, finAck, reset] = [2, 16, 24, 17, 4]
const ports: [number, number] = [4000, 80]
type Natted = ReturnType<typeof natted>

/** The bits of all TCP segments that the instance was sent and that were not read. */
const segmentsOf = ({ peer }: Natted) =>
  peer.frames.flatMap((frame) => (frame.readUInt8(23) === 6 ? [frame.readUInt8(47)] : []))

/** Type and code of all ICMP messages that it was sent. */
const errorsOf = ({ peer }: Natted) =>
  peer.frames.flatMap((frame) => (frame.readUInt8(23) === 1 ? [[frame.readUInt8(34), frame.readUInt8(35)]] : []))

/** An instance with one open connection, the other end of it, and how to send the next segment. */
async function connected(it = natted()) {
  await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
  const { socket, theirs } = it.connections[0]!.accept()
  const answer = await it.peer.nextSegment()
  expect([answer.sourcePort, answer.destinationPort, answer.flags]).toEqual([80, 4000, 18])
  let sequence = 1001
  const say = async (bits: number, data = '', acknowledged = 0) => {
    const acknowledgment = answer.sequence + 1 + acknowledged
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits, sequence, acknowledgment, data }))
    sequence += data.length + (bits & 1)
  }
  await say(ack)
  return { ...it, it, socket, theirs, say }
}

describe('a connection outside', () => {
  test('is open for the instance when the host has it, and not before', async () => {
    const it = natted()
    const frame = tcpFrame(it.peer, { destination: web, ports, bits: syn })
    await it.send(frame, frame)
    expect(it.connections.map(({ to }) => to)).toEqual([`${web}:80`])
    expect(segmentsOf(it)).toEqual([])
    it.connections[0]!.accept()
    expect((await it.peer.nextSegment()).flags).toBe(18)
  })

  test('carries both ways, in the name of the other side, and ends half by half', async () => {
    const { peer, theirs, say } = await connected()
    await say(push, 'GET /')
    expect(String((await once(theirs, 'data'))[0])).toBe('GET /')
    theirs.write('200 OK')
    while ((await peer.nextSegment()).payload.toString() !== '200 OK') await settle()
    const ended = once(theirs, 'end')
    await say(finAck, '', 6)
    await ended
    theirs.end('bye')
    const heard = []
    while (heard.join('') !== 'bye') heard.push((await peer.nextSegment()).payload.toString())
  })

  test('is one of several with the same ports', async () => {
    const it = natted()
    for (const destination of [web, '93.184.216.35'])
      await it.send(tcpFrame(it.peer, { destination, ports, bits: syn }))
    expect(it.connections.map(({ to }) => to)).toEqual([`${web}:80`, '93.184.216.35:80'])
    it.connections[1]!.accept()
    expect((await it.peer.nextPacket(6)).source).toBe(0x5db8d823)
    it.connections[0]!.accept()
    expect((await it.peer.nextPacket(6)).source).toBe(0x5db8d822)
  })

  test('may be opened anew from the same port when it has ended', async () => {
    const { it, theirs, say, peer } = await connected()
    theirs.end()
    await settle()
    theirs.resume()
    await say(finAck, '', 1)
    await settle()
    peer.frames.length = 0
    await it.send(tcpFrame(peer, { destination: web, ports, bits: syn, sequence: 9000 }))
    expect(it.connections).toHaveLength(2)
    it.connections[1]!.accept()
    expect(await peer.nextSegment()).toMatchObject({ flags: 18, acknowledgment: 9001 })
  })
})

describe('the instance learns', () => {
  test.each<[string, number[], number[][]]>([
    ['ECONNREFUSED', [20], []],
    ['ETIMEDOUT', [], [[3, 1]]],
    ['ENETUNREACH', [], [[3, 1]]],
  ])('that the host got %s', async (code, segments, errors) => {
    const it = natted()
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
    it.connections[0]!.refuse(code)
    await settle()
    expect([segmentsOf(it), errorsOf(it)]).toEqual([segments, errors])
    // It may try again.
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
    expect(it.connections).toHaveLength(2)
  })

  test('by a reset that there is no such connection', async () => {
    const it = natted()
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: ack, acknowledgment: 5 }))
    expect(readSegment(await it.peer.nextPacket(6))).toMatchObject({ flags: reset, sequence: 5 })
    expect(it.connections).toEqual([])
  })

  test('by a reset that it may not go there, and nobody is asked', async () => {
    const it = natted()
    await it.send(tcpFrame(it.peer, { destination: '10.0.0.1', ports, bits: syn }))
    expect([segmentsOf(it), it.connections, it.peer.stats.refused]).toEqual([[20], [], 1])
  })

  test('nothing when no rule allows it', async () => {
    const it = natted({
      allows: ({ to, destination, port }) => !(to === 'outside' && destination === web && port === 80),
    })
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
    expect([it.peer.frames, it.connections, it.peer.stats.denied]).toEqual([[], [], 1])
    await it.send(tcpFrame(it.peer, { destination: web, ports: [4000, 81], bits: syn }))
    expect(it.connections).toHaveLength(1)
  })
})

describe('the host’s connection ends', () => {
  test.each<[string, (it: Natted) => void]>([
    [
      'when its rule is revoked',
      ({ rules, network }) => {
        rules.allows = () => false
        network.rulesChanged()
      },
    ],
    ['when the instance is unplugged', ({ network }) => network.disconnect('i-10')],
    [
      'when the instance resets it',
      ({ peer }) => peer.send(tcpFrame(peer, { destination: web, ports, bits: reset, sequence: 1001 })),
    ],
  ])('%s', async (_when, end) => {
    const { it, socket } = await connected()
    const closed = once(socket, 'close')
    it.network.rulesChanged()
    expect(socket.destroyed).toBe(false)
    end(it)
    await closed
  })

  test.each<[string, (it: Natted) => void]>([
    [
      'the rule is revoked',
      ({ rules }) => {
        rules.allows = () => false
      },
    ],
    ['the instance is unplugged', ({ network }) => network.disconnect('i-10')],
  ])('at once when %s while it is opened', async (_when, end) => {
    const it = natted()
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
    end(it)
    const { socket } = it.connections[0]!.accept()
    await once(socket, 'close')
    expect(segmentsOf(it)).toEqual([])
  })

  test('when the instance never answers', async () => {
    const it = natted()
    await it.send(tcpFrame(it.peer, { destination: web, ports, bits: syn }))
    const closed = once(it.connections[0]!.accept().socket, 'close')
    await settle()
    await it.clock.advance(300_000)
    await closed
  })
})
