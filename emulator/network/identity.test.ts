import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  arpFrame,
  dhcp,
  fromNowhere,
  hex,
  icmpFrame,
  Peer,
  packetFrame,
  router,
  settle,
  tcpFrame,
  testSwitch,
  udpFrame,
} from './peer.harness.ts'

const metadata = '169.254.169.254'

describe('what claims to be another', () => {
  type Lie = [string, (peer: Peer) => Buffer]
  const lies: Lie[] = [
    [
      'a frame from another card',
      (peer) => icmpFrame(peer, { destination: '172.31.0.1', type: 8, sourceMac: 'd00d00000014' }),
    ],
    [
      'a frame from the router’s card',
      (peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, sourceMac: router }),
    ],
    [
      'a packet from another address',
      (peer) => icmpFrame(peer, { destination: '172.31.0.1', type: 8, source: '172.31.0.20' }),
    ],
    [
      'a packet from the gateway',
      (peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, source: '172.31.0.1' }),
    ],
    ['a packet from nowhere', (peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, source: '0.0.0.0' })],
    [
      'a SYN to the metadata',
      (peer) => tcpFrame(peer, { destination: metadata, source: '172.31.0.20', ports: [5, 80], bits: 2 }),
    ],
    ['an ARP question of another address', (peer) => arpFrame(peer, { target: '172.31.0.1', sender: '172.31.0.20' })],
    ['an ARP question of another card', (peer) => arpFrame(peer, { target: '172.31.0.1', senderMac: 'd00d00000014' })],
    [
      'an ARP answer for another',
      (peer) => arpFrame(peer, { target: '172.31.0.1', sender: '172.31.0.20', operation: 2 }),
    ],
    [
      'a DHCP request of another card',
      (peer) => udpFrame(peer, { ...fromNowhere, data: dhcp(peer, 1, '', 'd00d00000014') }),
    ],
  ]

  test.each(lies)('%s: goes nowhere and is counted', async (_what, lie) => {
    const network = testSwitch()
    const [liar, victim] = [new Peer(network, 10), new Peer(network, 20)]
    liar.send(lie(liar))
    await settle()
    expect([liar.frames, victim.frames]).toEqual([[], []])
    expect(liar.stats).toMatchObject({ received: 1, spoofed: 1, sent: 0 })
  })

  test('cannot read another’s metadata: ten instances, each with the addresses of all', async () => {
    const served: string[] = []
    const network = testSwitch({
      metadata: (id, connection) => {
        served.push(id)
        connection.on('error', () => undefined)
        connection.end(id)
      },
    })
    const peers = Array.from({ length: 10 }, (_, index) => new Peer(network, 10 + index))
    for (const peer of peers) {
      for (const source of peers) {
        peer.send(tcpFrame(peer, { destination: metadata, source: source.address, ports: [4000, 80], bits: 2 }))
      }
    }
    const answers = await Promise.all(
      peers.map(async (peer) => {
        const { sequence } = await peer.nextSegment()
        const seen = { sequence: 1001, acknowledgment: sequence + 1 }
        peer.send(tcpFrame(peer, { destination: metadata, ports: [4000, 80], bits: 16, ...seen }))
        return (await peer.nextSegment()).payload.toString()
      }),
    )
    expect(answers).toEqual(peers.map(({ id }) => id))
    expect(served.sort()).toEqual(peers.map(({ id }) => id))
    expect(peers.map(({ stats }) => stats.spoofed)).toEqual(peers.map(() => 9))
  })
})

describe('whatever a guest sends', () => {
  test('reaches nobody else and breaks nothing: 100,000 frames', async () => {
    const network = testSwitch({ allows: () => false })
    const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
    const heads = [
      hex(''),
      hex(`${router}${peer.mac}`),
      hex(`${router}${peer.mac}0800`),
      packetFrame(peer, { destination: '172.31.0.20', protocol: 6, payload: Buffer.alloc(0) }).subarray(0, 33),
      tcpFrame(peer, { destination: '172.31.0.20', ports: [1, 2], bits: 2 }),
      tcpFrame(peer, { destination: metadata, ports: [1, 80], bits: 2 }),
      udpFrame(peer, { ...fromNowhere, data: dhcp(peer, 1) }),
      udpFrame(peer, {
        destination: '172.31.0.2',
        ports: [1, 53],
        data: hex('0001 0100 0001 0000 0000 0000 0161 00 0001 0001'),
      }),
      arpFrame(peer, { target: '172.31.0.1' }),
    ]
    const frame = fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 80 }), fc.nat(), fc.nat({ max: 255 }))
    const frames = fc.sample(frame, { numRuns: 10_000, seed: 4 })
    for (let round = 0; round < 10; round += 1) {
      for (const [head, tail, place, value] of frames) {
        const bytes = Buffer.concat([head, tail])
        // Each round changes other bytes: the first none, so that whole frames are among them.
        for (let change = 0; change < round && bytes.length > 0; change += 1)
          bytes[(place * (change + 1)) % bytes.length]! ^= value
        peer.send(bytes)
      }
      await settle()
    }
    while (peer.stats.received < 100_000) await settle()
    expect(other.frames).toEqual([])
    peer.frames.length = 0
    peer.send(arpFrame(peer, { target: '172.31.0.1' }))
    await peer.next((bytes) => bytes.readUInt16BE(12) === 0x0806 || undefined)
  })
})
