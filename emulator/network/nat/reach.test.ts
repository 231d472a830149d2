import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Interfaces, parseRange, reachable } from './reach.ts'

const on = (address: string, netmask: string) => ({ address, netmask, family: 'IPv4' as const })
/** A host with a public address, a private network, a bridge, a tunnel to one address, and IPv6. */
const host: Interfaces = {
  lo: [on('127.0.0.1', '255.0.0.0'), { address: '::1', netmask: 'ffff::', family: 'IPv6' }],
  eth0: [on('203.0.113.5', '255.255.255.192')],
  eth1: [on('192.168.7.9', '255.255.255.0')],
  docker0: [on('172.17.0.1', '255.255.0.0')],
  tun0: [on('198.51.100.7', '255.255.255.255')],
  p2p: [on('8.8.4.2', '255.255.255.254')],
}
const closed = reachable(() => host, [])

describe('guests reach', () => {
  test.each([
    ['the Internet', '93.184.216.34'],
    ['its last address', '223.255.255.255'],
    ['what lies before the loopback', '126.255.255.255'],
    ['what lies behind it', '128.0.0.1'],
    ['what lies around the private networks', '11.0.0.1'],
    ['and', '172.32.0.1'],
    ['and', '172.15.255.255'],
    ['and', '192.169.0.1'],
    ['and', '100.128.0.1'],
    ['what lies behind the host’s own network', '203.0.113.64'],
    ['what lies beside the host’s tunnel', '198.51.100.8'],
  ])('%s: %s', (_what, address) => expect(closed(address)).toBe(true))
})

describe('guests never reach, whatever is allowed', () => {
  const open = reachable(() => host, ['0.0.0.0/0'])
  test.each([
    ['this network', '0.0.0.0'],
    ['and', '0.255.255.255'],
    ['the loopback', '127.0.0.1'],
    ['another of its addresses', '127.0.0.53'],
    ['public addresses of instances', '127.8.42.2'],
    ['its last address', '127.255.255.255'],
    ['the host’s metadata', '169.254.169.254'],
    ['the link', '169.254.0.1'],
    ['metadata of other clouds', '168.63.129.16'],
    ['and', '192.0.0.192'],
    ['multicast', '224.0.0.251'],
    ['and', '239.255.255.250'],
    ['reserved addresses', '240.0.0.1'],
    ['the broadcast', '255.255.255.255'],
    ['the host by its public address', '203.0.113.5'],
    ['the host by its private address', '192.168.7.9'],
    ['the host by its bridge', '172.17.0.1'],
    ['the host by its tunnel', '198.51.100.7'],
    ['the host by its point-to-point link', '8.8.4.2'],
    ['the broadcast of its public network', '203.0.113.63'],
    ['the broadcast of its private network', '192.168.7.255'],
    ['the old broadcast of its private network', '192.168.7.0'],
    ['the IPv6 loopback', '::1'],
    ['an IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['the same in hexadecimal', '::ffff:7f00:1'],
    ['an IPv4-compatible one', '::127.0.0.1'],
    ['an IPv4-mapped public address', '::ffff:93.184.216.34'],
    ['a translated one', '64:ff9b::7f00:1'],
    ['a link-local IPv6 address', 'fe80::1'],
    ['a name', 'localhost'],
    ['a number', '2130706433'],
    ['a hexadecimal number', '0x7f000001'],
    ['a shortened address', '127.1'],
    ['an octal address', '0177.0.0.1'],
    ['leading zeros', '093.184.216.034'],
    ['an octet too many', '93.184.216.34.1'],
    ['an octet too big', '93.184.216.256'],
    ['an address with a port', '93.184.216.34:80'],
    ['white space', ' 93.184.216.34'],
    ['a line', '93.184.216.34\n'],
    ['nothing', ''],
  ])('%s: %j', (_what, address) => {
    expect(closed(address)).toBe(false)
    expect(open(address)).toBe(false)
  })

  test('this machine, by any of its addresses', () => {
    const [none, all] = [reachable(networkInterfaces, []), reachable(networkInterfaces, ['0.0.0.0/0'])]
    const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address))
    expect(addresses).toContain('127.0.0.1')
    for (const address of addresses) {
      expect(none(address), address).toBe(false)
      expect(all(address), address).toBe(false)
      expect(all(`::ffff:${address}`), address).toBe(false)
    }
  })
})

describe('guests reach only when it is allowed', () => {
  test.each([
    ['a private network', '10.0.0.0/8', '10.20.30.40', '11.0.0.1'],
    ['and', '172.16.0.0/12', '172.20.0.9', ''],
    ['that of the host', '192.168.7.0/24', '192.168.7.10', '192.168.8.10'],
    ['one address of it', '192.168.7.10/32', '192.168.7.10', '192.168.7.11'],
    ['a range with bits behind its prefix', '192.168.7.77/24', '192.168.7.10', '192.168.8.10'],
    ['a carrier’s', '100.64.0.0/10', '100.100.100.200', ''],
    ['a bench', '198.18.0.0/15', '198.19.0.1', ''],
    ['the host’s public network', '203.0.113.0/26', '203.0.113.6', ''],
    ['the other end of a link', '8.8.4.3/32', '8.8.4.3', ''],
  ])('%s: %s', (_what, range, inside, outside) => {
    const open = reachable(() => host, [range])
    expect(closed(inside)).toBe(false)
    expect(open(inside)).toBe(true)
    if (outside.startsWith('192')) expect(open(outside)).toBe(false)
  })

  test('a network that the host has joined since is its own at once', () => {
    const now: Interfaces = {}
    const reaches = reachable(() => now, [])
    expect(reaches('93.184.216.34')).toBe(true)
    now['eth9'] = [on('93.184.216.1', '255.255.255.0')]
    expect(reaches('93.184.216.34')).toBe(false)
  })
})

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '::/0', '::ffff:10.0.0.0/104', '10.0.0.0/8/8', ''])(
  '%j is no range',
  (text) => expect(() => parseRange(text)).toThrow(),
)

test('a block list of the same ranges agrees, on addresses of all kinds', () => {
  const refused = new BlockList()
  for (const text of [
    ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/3', '168.63.129.16/32'],
    ...['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'],
    ...['203.0.113.0/26', '198.51.100.7/32', '8.8.4.2/31'],
  ]) {
    const [address = '', bits] = text.split('/')
    refused.addSubnet(address, Number(bits))
  }
  const octet = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0, 8, 10, 16, 31, 63, 64, 100, 113, 127, 128, 168, 172, 192, 203, 255),
  )
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
      const address = octets.join('.')
      expect(closed(address)).toBe(!refused.check(address))
    }),
    { numRuns: 20_000, seed: 5 },
  )
})
