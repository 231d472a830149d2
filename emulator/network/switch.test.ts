import { describe, expect, test } from 'vitest'
import { readPacket } from './ipv4.ts'
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
import { readSegment } from './tcp/segment.ts'

const metadata = '169.254.169.254'

describe('a port', () => {
  test('is refused for an address that is no instance’s, and for one that is in use', () => {
    const network = testSwitch()
    for (const host of [0, 1, 2]) expect(() => new Peer(network, host)).toThrow('is no address for an instance')
    const peer = new Peer(network, 10)
    expect(() => new Peer(network, 10)).toThrow('is plugged in already')
    const [stream] = [peer.wire]
    const spec = { instanceId: 'i-other', mac: 'd0:0d:00:00:00:0b', address: '172.31.0.10', hostname: 'x' }
    expect(() => network.connect(spec, stream)).toThrow('in use by i-10')
    expect(() => network.connect({ ...spec, address: '10.0.0.1' }, stream)).toThrow('is no address')
  })

  test('is free again after the instance was unplugged, and after its stream ended', async () => {
    const network = testSwitch()
    const first = new Peer(network, 10)
    expect(network.addressOf('i-10')).toBe('172.31.0.10')
    network.disconnect('i-10')
    expect(network.addressOf('i-10')).toBeUndefined()
    const second = new Peer(network, 10)
    second.wire.end()
    await settle()
    expect(network.addressOf('i-10')).toBeUndefined()
    expect(first.stats).not.toBe(new Peer(network, 10).stats)
  })

  test('is closed when it carries what is no frame', async () => {
    const network = testSwitch()
    const peer = new Peer(network, 10)
    peer.wire.write(hex('00010100'))
    await settle()
    expect(network.addressOf('i-10')).toBeUndefined()
  })
})

describe('ARP', () => {
  test.each<[string, Parameters<typeof arpFrame>[1], boolean]>([
    ['the gateway', { target: '172.31.0.1' }, true],
    ['another instance', { target: '172.31.0.20' }, true],
    ['the metadata', { target: metadata }, true],
    ['an address that nobody has', { target: '172.31.9.9' }, true],
    ['its own address', { target: '172.31.0.10' }, false],
    ['its own address, to see whether it is free', { target: '172.31.0.10', sender: '0.0.0.0' }, false],
    ['a free one, to see whether it is free', { target: '172.31.0.11', sender: '0.0.0.0' }, false],
    ['a taken one, to see whether it is free', { target: '172.31.0.20', sender: '0.0.0.0' }, true],
  ])('asked for %s', async (_what, text, isAnswered) => {
    const network = testSwitch()
    const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
    peer.send(arpFrame(peer, text))
    await settle()
    expect(peer.frames.map((frame) => frame.subarray(22, 28).toString('hex'))).toEqual(isAnswered ? [router] : [])
    expect(other.frames).toEqual([])
  })
})

describe('DHCP', () => {
  test('leases an instance its own address in a discovery and a request', async () => {
    const network = testSwitch()
    const peer = new Peer(network, 10)
    for (const [type, options, answer] of [
      [1, '', 2],
      [3, '3204 ac1f000a 3604 ac1f0001', 5],
    ] as const) {
      peer.send(udpFrame(peer, { ...fromNowhere, data: dhcp(peer, type, options) }))
      const packet = await peer.nextPacket(17)
      const message = packet.bytes.subarray(packet.payload + 8, packet.end)
      expect(message.subarray(16, 20)).toEqual(hex('ac1f000a'))
      expect(message.subarray(240, 243)).toEqual(hex(`3501 0${answer}`))
    }
  })
})

describe('echo', () => {
  test.each(['172.31.0.1', '172.31.0.2', metadata, '172.31.0.20'])(
    '%s answers, or whoever has it',
    async (destination) => {
      const network = testSwitch()
      const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
      peer.send(icmpFrame(peer, { destination, type: 8 }))
      if (destination === other.address) {
        const request = await other.nextPacket(1)
        expect([request.ttl, request.bytes.subarray(0, 12).toString('hex')]).toEqual([63, other.mac + router])
        other.send(icmpFrame(other, { destination: peer.address, type: 0 }))
      }
      const reply = await peer.nextPacket(1)
      expect(reply.bytes.subarray(reply.payload, reply.end).toString('latin1')).toMatch(/^\0\0..\0\u0007\0\u0001ping$/s)
    },
  )
})

describe('what leads out of the network', () => {
  test.each(['127.0.0.1', '10.0.0.1', '8.8.8.8', '192.168.1.1', '169.254.169.253'])(
    '%s is refused at once',
    async (destination) => {
      const peer = new Peer(testSwitch(), 10)
      peer.send(tcpFrame(peer, { destination, ports: [4000, 8773], bits: 2 }))
      expect(await peer.nextSegment()).toMatchObject({ flags: 4 | 16, acknowledgment: 1001 })
      peer.send(udpFrame(peer, { destination, ports: [4000, 53], data: Buffer.from('x') }))
      const { bytes, payload } = await peer.nextPacket(1)
      expect(bytes.subarray(payload, payload + 2)).toEqual(Buffer.from([3, 13]))
    },
  )

  test.each([
    [
      'an address that nobody has',
      (peer: Peer) => udpFrame(peer, { destination: '172.31.9.9', ports: [1, 2], data: hex('00') }),
      3,
      1,
    ],
    [
      'a port that the gateway does not have',
      (peer: Peer) => udpFrame(peer, { destination: '172.31.0.1', ports: [1, 2], data: hex('00') }),
      3,
      3,
    ],
    [
      'another instance with the last hop',
      (peer: Peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, ttl: 1 }),
      11,
      0,
    ],
    [
      'another instance, longer than the MTU',
      (peer: Peer) => udpFrame(peer, { destination: '172.31.0.20', ports: [1, 2], data: Buffer.alloc(1500) }),
      3,
      4,
    ],
    [
      'the gateway by a protocol that it does not speak',
      (peer: Peer) => packetFrame(peer, { destination: '172.31.0.1', protocol: 47, payload: hex('00000000') }),
      3,
      2,
    ],
  ])('%s: the sender is told', async (_what, frame, type, code) => {
    const network = testSwitch()
    const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
    peer.send(frame(peer))
    const { bytes, payload } = await peer.nextPacket(1)
    expect([bytes[payload], bytes[payload + 1], other.frames]).toEqual([type, code, []])
  })

  test.each([
    [
      'a multicast',
      (peer: Peer) => udpFrame(peer, { destination: '224.0.0.251', ports: [5353, 5353], data: hex('00') }),
    ],
    ['a broadcast', (peer: Peer) => udpFrame(peer, { destination: '172.31.255.255', ports: [1, 2], data: hex('00') })],
    ['IPv6', (peer: Peer) => Buffer.concat([hex(router), hex(peer.mac), hex('86dd'), Buffer.alloc(40)])],
    [
      'a frame to another card',
      (peer: Peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, destinationMac: 'd00d00000014' }),
    ],
    [
      'a packet in a broadcast frame',
      (peer: Peer) => icmpFrame(peer, { destination: '172.31.0.20', type: 8, destinationMac: 'ffffffffffff' }),
    ],
    [
      'a piece of a packet',
      (peer: Peer) =>
        packetFrame(peer, { destination: '172.31.0.20', protocol: 17, payload: Buffer.alloc(64), fragment: 0x2000 }),
    ],
    ['an error about an error', (peer: Peer) => icmpFrame(peer, { destination: '10.1.1.1', type: 3 })],
  ])('%s: is lost', async (_what, frame) => {
    const network = testSwitch()
    const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
    peer.send(frame(peer))
    await settle()
    expect([peer.frames, other.frames, peer.stats.refused]).toEqual([[], [], 1])
  })
})

describe('with the packets of a VPC, 9001 bytes long,', () => {
  const text = (destination: string, length: number) => ({
    destination,
    ports: [1, 2] as [number, number],
    data: Buffer.alloc(length),
  })

  test.each([
    [9001, true],
    [9002, false],
  ])('one of %i bytes between instances is carried: %s', async (length, isCarried) => {
    const network = testSwitch({ mtu: 9001 })
    const [peer, other] = [new Peer(network, 10), new Peer(network, 20)]
    peer.send(udpFrame(peer, text(other.address, length - 28)))
    await settle()
    expect(other.frames.map((frame) => frame.length)).toEqual(isCarried ? [9015] : [])
    if (isCarried) return
    const { bytes, payload } = await peer.nextPacket(1)
    expect([bytes[payload], bytes[payload + 1], bytes.readUInt16BE(payload + 6)]).toEqual([3, 4, 9001])
  })

  test.each([
    ['8961 bytes', [8961], 8961],
    ['1460 bytes', [1460], 1460],
    ['the 536 bytes of who does not say', [], 536],
  ])('an instance is sent segments as long as it takes: %s', async (_what, offered, longest) => {
    const network = testSwitch({ mtu: 9001 })
    const peer = new Peer(network, 10)
    const dialled = network.dial('i-10', 80)
    const syn = await peer.nextSegment()
    expect(syn.maximumSize).toBe(8961)
    const answer = {
      destination: '172.31.0.1',
      ports: [80, syn.sourcePort] as [number, number],
      acknowledgment: syn.sequence + 1,
    }
    peer.send(tcpFrame(peer, { ...answer, bits: 18, ...(offered[0] && { maximumSize: offered[0] }) }))
    const stream = await dialled
    stream.write(Buffer.alloc(20_000))
    await settle()
    const sizes = peer.frames.map((frame) => readSegment(readPacket(frame, 14)!)!.payload.length)
    expect(Math.max(...sizes)).toBe(longest)
    stream.on('error', () => undefined).destroy()
  })
})
