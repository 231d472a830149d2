import { describe, expect, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { readPacket } from './ipv4.ts'
import { Peer, settle, tcpFrame, testSwitch } from './peer.harness.ts'
import { readSegment, type Segment } from './tcp/segment.ts'

const destination = '169.254.169.254'

/** The segments that a peer has got since it was last asked. */
function segments(peer: Peer): Segment[] {
  return peer.frames.splice(0).map((frame) => readSegment(readPacket(frame, 14)!)!)
}

describe('connections of an instance with its metadata', () => {
  test('are limited; one more is refused until one has gone', async () => {
    const clock = manualClock()
    const peer = new Peer(testSwitch({ clock }), 10)
    const open = (port: number) => peer.send(tcpFrame(peer, { destination, ports: [port, 80], bits: 2 }))
    for (let port = 1; port <= 1500; port += 1) open(port)
    while (peer.frames.length < 1500) await settle()
    const flags = segments(peer).map((segment) => segment.flags)
    expect([flags.filter((bits) => bits === 18).length, flags.filter((bits) => bits === 20).length]).toEqual([
      1024, 476,
    ])
    peer.send(tcpFrame(peer, { destination, ports: [1, 80], bits: 4, sequence: 1001 }))
    // Those that never came to be open are given up, and make room.
    await clock.advance(60_000)
    await settle()
    segments(peer)
    open(2000)
    await settle()
    expect(segments(peer).map((segment) => segment.flags)).toEqual([18])
  })

  test('have room of their own: those from outside do not take it all', async () => {
    const network = testSwitch({ clock: manualClock() })
    const peer = new Peer(network, 10)
    const refused: unknown[] = []
    // One for each, as each client has its own.
    const endings = Array.from({ length: 1000 }, () => new AbortController())
    for (const { signal } of endings) {
      network.dial(peer.id, 22, { signal }).catch((error: { code?: string }) => refused.push(error.code))
    }
    await settle()
    expect(refused).toEqual(Array.from({ length: 104 }, () => 'EAGAIN'))
    peer.frames.length = 0
    peer.send(tcpFrame(peer, { destination, ports: [2000, 80], bits: 2 }))
    await settle()
    expect(segments(peer).map((segment) => segment.flags)).toEqual([18])
    for (const ending of endings) ending.abort()
  })

  test('may begin anew from the port of one that was just closed', async () => {
    const peer = new Peer(
      testSwitch({
        metadata: (_id, connection) =>
          connection
            .on('error', () => undefined)
            .resume()
            .end(),
      }),
      10,
    )
    const send = (bits: number, sequence: number, acknowledgment = 0) =>
      peer.send(tcpFrame(peer, { destination, ports: [4000, 80], bits, sequence, acknowledgment }))
    send(2, 1000)
    const { sequence } = await peer.nextSegment()
    send(16, 1001, sequence + 1)
    expect((await peer.nextSegment()).flags & 1).toBe(1)
    send(17, 1001, sequence + 2)
    expect((await peer.nextSegment()).acknowledgment).toBe(1002)
    send(2, 9000)
    expect(await peer.nextSegment()).toMatchObject({ flags: 18, acknowledgment: 9001 })
  })

  test('send what follows a hop limit only so far, and no other limit raises that', async () => {
    const peer = new Peer(
      testSwitch({
        metadata: (_id, connection, limitHops) => {
          connection.on('error', () => undefined).write('far')
          connection.once('data', () => {
            limitHops(3)
            limitHops(200)
            connection.write('near')
          })
        },
      }),
      10,
    )
    const send = (bits: number, sequence: number, acknowledgment: number, data = '') =>
      peer.send(tcpFrame(peer, { destination, ports: [4000, 80], bits, sequence, acknowledgment, data }))
    const answer = async () => {
      const packet = await peer.nextPacket(6)
      const { payload, sequence } = readSegment(packet)!
      return { ttl: packet.ttl, text: payload.toString(), sequence }
    }
    send(2, 1000, 0)
    const { ttl, sequence } = await answer()
    expect(ttl).toBe(64)
    send(16, 1001, sequence + 1)
    expect(await answer()).toMatchObject({ ttl: 64, text: 'far' })
    send(24, 1001, sequence + 4, 'more')
    expect(await answer()).toMatchObject({ ttl: 3, text: 'near' })
  })

  test('that nobody knows are reset, by the numbers of the RFC', async () => {
    const peer = new Peer(testSwitch(), 10)
    peer.send(tcpFrame(peer, { destination, ports: [4000, 80], bits: 16, sequence: 5, acknowledgment: 77 }))
    expect(await peer.nextSegment()).toMatchObject({ flags: 4, sequence: 77, acknowledgment: 0 })
    peer.send(tcpFrame(peer, { destination, ports: [4000, 81], bits: 2, sequence: 5 }))
    expect(await peer.nextSegment()).toMatchObject({ flags: 20, sequence: 0, acknowledgment: 6 })
    peer.send(tcpFrame(peer, { destination, ports: [4000, 80], bits: 4, sequence: 5 }))
    await settle()
    expect(peer.frames).toEqual([])
  })
})
