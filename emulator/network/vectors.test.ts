import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, parseMac, parseSubnet } from './addresses.ts'
import { readArpRequest, writeArpReply } from './arp.ts'
import { addWords, finish, pseudoHeader, replaceWord } from './checksum.ts'
import { writeEchoReply, writeIcmpError } from './icmp.ts'
import { decrementTtl, readPacket, writeHeader } from './ipv4.ts'
import { readSegment, writeSegment } from './tcp/segment.ts'
import { readDatagram, writeDatagram } from './udp.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

describe('addresses', () => {
  test.each(['0.0.0.0', '10.1.2.3', '172.31.255.254', '255.255.255.255'])('%s is read and written', (text) => {
    expect(formatAddress(parseAddress(text))).toBe(text)
  })

  test.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.x', ' 1.2.3.4', '1.2.3.-4'])('%j is none', (text) => {
    expect(() => parseAddress(text)).toThrow('is not an IPv4 address')
  })

  test.each(['aa:bb:cc:dd:ee', 'aabbccddeeff', 'aa:bb:cc:dd:ee:fg', ''])('%j is no MAC', (text) => {
    expect(() => parseMac(text)).toThrow('is not a MAC address')
  })

  test('a subnet has a router, a name server and a broadcast address', () => {
    const { network, mask, broadcast, gateway, resolver } = parseSubnet('172.31.16.0/20')
    expect([network, mask, broadcast, gateway, resolver].map(formatAddress)).toEqual([
      '172.31.16.0',
      '255.255.240.0',
      '172.31.31.255',
      '172.31.16.1',
      '172.31.16.2',
    ])
  })

  test.each(['172.31.0.0', '172.31.0.0/8', '172.31.0.0/30', '172.31.0.1/16', '172.31.0.0/x', 'x/16'])(
    '%s is no subnet',
    (text) => expect(() => parseSubnet(text)).toThrow(text.split('/')[0]),
  )
})

describe('the Internet checksum', () => {
  // RFC 1071, section 3: the words 0001 f203 f4f5 f6f7 sum up to ddf2.
  test('is that of the RFC', () => expect(finish(addWords(0, hex('0001f203f4f5f6f7'), 0, 8))).toBe(~0xddf2 & 0xffff))
  test('pads an odd byte', () => expect(addWords(0, hex('01020300'), 0, 3)).toBe(0x0102 + 0x0300))
  // RFC 1624, section 4: dd2f, a word that goes from 5555 to 3285, 0000.
  test('is changed for one word', () => expect(replaceWord(0xdd2f, 0x5555, 0x3285)).toBe(0x0000))
})

// A UDP packet whose header checksum is known to be b861.
const ipv4 = '4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7'

describe('an IPv4 packet', () => {
  const whole = Buffer.concat([hex(ipv4), Buffer.alloc(95, 7), Buffer.from('padding')])

  test('is read, without the padding of its frame', () => {
    expect(readPacket(whole, 0)).toMatchObject({
      payload: 20,
      end: 115,
      source: parseAddress('192.168.0.1'),
      destination: parseAddress('192.168.0.199'),
      protocol: 17,
      ttl: 64,
      isFragment: false,
    })
  })

  test('is written', () => {
    const bytes = Buffer.alloc(20, 255)
    const [source, destination] = [parseAddress('192.168.0.1'), parseAddress('192.168.0.199')]
    writeHeader(bytes, 0, { source, destination, protocol: 17, length: 95 })
    expect(bytes.toString('hex')).toBe(hex(ipv4).toString('hex'))
  })

  test('loses a hop and keeps a right checksum', () => {
    const bytes = Buffer.from(whole)
    decrementTtl(bytes, 0)
    expect(readPacket(bytes, 0)?.ttl).toBe(63)
    expect(bytes.readUInt16BE(10)).toBe(0xb961)
  })

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['a wrong checksum', (bytes) => bytes.fill(1, 11, 12)],
    ['version 6', (bytes) => bytes.fill(0x65, 0, 1)],
    ['a header of 16 bytes', (bytes) => bytes.fill(0x44, 0, 1)],
    ['more than there is', (bytes) => bytes.subarray(0, 114)],
    ['half a header', (bytes) => bytes.subarray(0, 19)],
  ])('with %s is none', (_what, spoil) => expect(readPacket(spoil(Buffer.from(whole)), 0)).toBeUndefined())
})

describe('ARP', () => {
  // An Ethernet frame as a Linux guest sends it: who has 172.31.0.1? tell 172.31.0.10.
  const frame = hex(`ffffffffffff d00d0000000a 0806
    0001 0800 06 04 0001 d00d0000000a ac1f000a 000000000000 ac1f0001`)

  test('is answered with the router', () => {
    const request = readArpRequest(frame)!
    const reply = Buffer.alloc(42, 255)
    writeArpReply(reply, 0, request)
    expect(reply.toString('hex')).toBe(
      hex(`d00d0000000a 02a9fea9fe01 0806
        0001 0800 06 04 0002 02a9fea9fe01 ac1f0001 d00d0000000a ac1f000a`).toString('hex'),
    )
  })

  test.each([14, 20, 41])('of %i bytes is none', (length) =>
    expect(readArpRequest(frame.subarray(0, length))).toBeUndefined(),
  )
})

describe('UDP', () => {
  // 10.0.0.1:1000 to 10.0.0.2:2000, "hi!"; summed up by hand:
  // 0a00+0001+0a00+0002+0011+000b, 03e8+07d0+000b, 6869+2100 = a95b... one's complement.
  const words = [0x0a00, 0x0001, 0x0a00, 0x0002, 0x0011, 0x000b, 0x03e8, 0x07d0, 0x000b, 0x6869, 0x2100]
  const checksum = ~words.reduce((sum, word) => sum + word, 0) & 0xffff
  const [source, destination] = [0x0a000001, 0x0a000002]
  const datagram = { sourcePort: 1000, destinationPort: 2000, payload: Buffer.from('hi!') }

  test('is written with the checksum that a pencil finds', () => {
    const bytes = Buffer.alloc(11)
    writeDatagram(bytes, 0, { source, destination }, datagram)
    expect(bytes.readUInt16BE(6)).toBe(checksum)
  })

  test.each<[string, (bytes: Buffer) => void, boolean]>([
    ['as written', () => undefined, true],
    ['without a checksum', (bytes) => bytes.writeUInt16BE(0, 26), true],
    ['changed', (bytes) => bytes.writeUInt8(0, 28), false],
    ['longer than its packet', (bytes) => bytes.writeUInt16BE(12, 24), false],
    ['shorter than its header', (bytes) => bytes.writeUInt16BE(7, 24), false],
  ])('%s is read or refused', (_what, change, isRead) => {
    const bytes = Buffer.alloc(31)
    writeHeader(bytes, 0, { source, destination, protocol: 17, length: 11 })
    writeDatagram(bytes, 20, { source, destination }, datagram)
    change(bytes)
    expect(readDatagram(readPacket(bytes, 0)!)?.payload.toString()).toBe(isRead ? 'hi!' : undefined)
  })
})

describe('ICMP', () => {
  test('answers an echo, byte for byte', () => {
    const request = Buffer.concat([Buffer.alloc(20), hex('0800 4d55 0001 0006'), Buffer.from('abcd')])
    writeHeader(request, 0, { source: 1, destination: 2, protocol: 1, length: 12 })
    const reply = Buffer.alloc(12)
    writeEchoReply(reply, 0, readPacket(request, 0)!)
    // 0001 + 0006 + 6162 + 6364 = c4cd
    expect(reply.toString('hex')).toBe(`0000${(~0xc4cd & 0xffff).toString(16)}00010006${'61626364'}`)
  })

  test('quotes what it complains about', () => {
    const packet = readPacket(hex(`${ipv4}${'07'.repeat(95)}`), 0)!
    const error = Buffer.alloc(8 + 115)
    writeIcmpError(error, 0, packet, { type: 3, code: 4, mtu: 1500 })
    expect(error.subarray(0, 2).toString('hex')).toBe('0304')
    expect(error.readUInt32BE(4)).toBe(1500)
    expect(error.subarray(8)).toEqual(packet.bytes)
    expect(finish(addWords(0, error, 0, error.length))).toBe(0)
  })
})

describe('TCP', () => {
  // A SYN as Linux sends it, from 10.0.0.1:40000 to 10.0.0.2:80: MSS 1460, SACK, timestamps, shift 7.
  const syn = 'a002 faf0 0000 0000 0204 05b4 0402 080a 0000 0001 0000 0000 0103 0307'
  const packetOf = (segment: Buffer) => {
    const bytes = Buffer.concat([Buffer.alloc(20), segment])
    writeHeader(bytes, 0, { source: 0x0a000001, destination: 0x0a000002, protocol: 6, length: segment.length })
    return readPacket(bytes, 0)!
  }
  const signed = (segment: Buffer) => {
    segment.writeUInt16BE(0, 16)
    const sum = pseudoHeader(0x0a000001, 0x0a000002, 6, segment.length)
    segment.writeUInt16BE(finish(addWords(sum, segment, 0, segment.length)), 16)
    return segment
  }

  test('is read with the options of a SYN', () => {
    const segment = readSegment(packetOf(signed(hex(`9c40 0050 0102 0304 0000 0000 ${syn}`))))
    expect(segment).toMatchObject({
      ...{ sourcePort: 40_000, destinationPort: 80, sequence: 0x01020304, acknowledgment: 0, flags: 2, window: 64_240 },
      ...{ maximumSize: 1460, windowShift: 7 },
    })
    expect(segment?.payload.length).toBe(0)
  })

  test.each([
    ['with options that never end', '0204 05b4 0800 0000', 1460],
    ['with an option that is cut off', '0101 0101 0101 0204', undefined],
    ['with an option of no length', '0200 0000 0000 0000', undefined],
  ])('is read %s', (_what, options, maximumSize) => {
    const segment = readSegment(packetOf(signed(hex(`9c40 0050 0000 0001 0000 0000 7002 ffff 0000 0000 ${options}`))))
    expect(segment?.maximumSize).toBe(maximumSize)
  })

  test('is written as it is read', () => {
    const header = {
      sourcePort: 80,
      destinationPort: 40_000,
      sequence: 0xffffffff,
      acknowledgment: 7,
      flags: 18,
      window: 9,
    }
    const bytes = Buffer.alloc(28)
    const options = { maximumSize: 1460, windowShift: 2 }
    writeSegment(bytes, 0, { source: 0x0a000001, destination: 0x0a000002 }, { ...header, options }, 0)
    expect(bytes.subarray(20).toString('hex')).toBe('020405b401030302')
    expect(readSegment(packetOf(bytes))).toMatchObject({ ...header, maximumSize: 1460, windowShift: 2 })
  })

  test('with any one bit flipped is none', () => {
    const good = signed(Buffer.concat([hex('9c40 0050 0000 0001 0000 0002 5018 ffff 0000 0000'), Buffer.from('data')]))
    fc.assert(
      fc.property(fc.nat({ max: good.length * 8 - 1 }), (bit) => {
        const bad = Buffer.from(good)
        bad[bit >> 3]! ^= 1 << (bit & 7)
        return readSegment(packetOf(bad)) === undefined
      }),
    )
  })
})

test('no source of the network reaches the host, but those that are made for it', () => {
  for (const file of ['switch', 'router', 'forward', 'security', 'connections', 'answers', 'tcp/connection']) {
    expect(readFileSync(new URL(`./${file}.ts`, import.meta.url), 'utf8')).not.toMatch(/node:(net|dgram|dns|http)/)
  }
})
