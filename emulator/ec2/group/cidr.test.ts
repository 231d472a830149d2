import { describe, expect, test } from 'vitest'
import { canonicalCidr, cidrContains } from './cidr.ts'

describe('canonical form', () => {
  test.each([
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['203.0.113.9/0', '0.0.0.0/0'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.168.1.129/25', '192.168.1.128/25'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['128.0.0.1/1', '128.0.0.0/1'],
  ])('%s', (given, expected) => expect(canonicalCidr(given)).toBe(expected))

  test.each(['', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0/8', '256.0.0.0/8', '10.0.0.0/8/8'])(
    '%j is none',
    (given) => expect(canonicalCidr(given)).toBeUndefined(),
  )

  test.each(['010.0.0.0/8', '::/0', ' 10.0.0.0/8', '10.0.0.0/8\n', '10.0.0.0/0x8'])('%j is none', (given) =>
    expect(canonicalCidr(given)).toBeUndefined(),
  )
})

test.each([
  ['0.0.0.0/0', '203.0.113.9', true],
  ['127.0.0.0/8', '127.0.0.1', true],
  ['127.0.0.1/32', '127.0.0.1', true],
  ['127.0.0.1/32', '127.0.0.2', false],
  ['10.0.0.0/9', '10.127.255.255', true],
  ['10.0.0.0/9', '10.128.0.0', false],
  ['128.0.0.0/1', '255.0.0.1', true],
  ['0.0.0.0/0', 'not an address', false],
  ['nonsense', '10.0.0.1', false],
])('%s contains %s: %s', (cidr, address, expected) => expect(cidrContains(cidr, address)).toBe(expected))
