import { describe, expect, test } from 'vitest'
import { parseAddress } from './addresses.ts'
import { answerDns, asksOutside } from './dns.ts'
import { Peer, testSwitch, udpFrame } from './peer.harness.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const names = {
  addressOf: (name: string) => (name === 'ip-1.euca.internal' ? parseAddress('172.31.0.10') : undefined),
  nameOf: (address: number) => (address === parseAddress('172.31.0.10') ? 'ip-1.euca.internal' : undefined),
  domain: 'euca.internal',
  isOwnAddress: (address: number) => address >>> 16 === 0xac1f,
}

function encode(name: string): string {
  const labels = name
    .split('.')
    .map((label) => label.length.toString(16).padStart(2, '0') + Buffer.from(label).toString('hex'))
  return `${labels.join('')}00`
}

/** A query as a resolver sends it: recursion desired, one question of class IN. */
const query = (name: string, type: string, head = '1234 0100 0001 0000 0000 0000') =>
  hex(`${head} ${encode(name)} ${type} 0001`)

describe('an answer', () => {
  test('gives the address of a name, in the case of the question', () => {
    const question = `${encode('IP-1.euca.Internal')} 0001 0001`
    expect(answerDns(query('IP-1.euca.Internal', '0001'), names)).toEqual(
      hex(`1234 8180 0001 0001 0000 0000 ${question} c00c 0001 0001 0000003c 0004 ac1f000a`),
    )
  })

  test('gives the name of an address', () => {
    const name = '10.0.31.172.in-addr.arpa'
    expect(answerDns(query(name, '000c'), names)).toEqual(
      hex(
        `1234 8180 0001 0001 0000 0000 ${encode(name)} 000c 0001 c00c 000c 0001 0000003c 0014 ${encode('ip-1.euca.internal')}`,
      ),
    )
  })

  test.each([
    ['no IPv6 address, but the name exists', query('ip-1.euca.internal', '001c'), '8180', 0],
    ['no such name', query('example.com', '0001'), '8183', 0],
    ['no such address', query('9.0.31.172.in-addr.arpa', '000c'), '8183', 0],
    ['no such address: it is none', query('999.0.31.172.in-addr.arpa', '000c'), '8183', 0],
    ['not implemented', query('a', '0001', '1234 2800 0001 0000 0000 0000'), 'a884', 0],
    ['a format error: no question', hex('1234 0100 0000 0000 0000 0000'), '8181', 0],
    ['a format error: cut off', query('example.com', '0001').subarray(0, 20), '8181', 0],
    ['a format error: compressed', hex('1234 0100 0001 0000 0000 0000 c00c 0001 0001'), '8181', 0],
    ['a format error: a name of 300 bytes', query(Array(150).fill('a').join('.'), '0001'), '8181', 0],
  ])('says: %s', (_what, bytes, flags, answers) => {
    const answer = answerDns(bytes, names)
    expect([answer?.toString('hex', 0, 4), answer?.readUInt16BE(6)]).toEqual([`1234${flags}`, answers])
  })

  test.each([
    ['an answer', hex('1234 8180 0001 0000 0000 0000 00 0001 0001')],
    ['less than a header', hex('1234 0100 0001')],
  ])('is not given to %s', (_what, bytes) => expect(answerDns(bytes, names)).toBeUndefined())
})

describe('the name server of the network', () => {
  test.each([
    ['ip-172-31-0-20.euca.internal', '172.31.0.20'],
    ['ip-172-31-0-20', '172.31.0.20'],
    ['instance-data', '169.254.169.254'],
    ['instance-data.euca.internal', '169.254.169.254'],
    ['compute.localhost', '172.31.0.1'],
    ['example.com', undefined],
  ])('knows %s as %s', async (name, address) => {
    const network = testSwitch({
      resolve: (asked, from) => (asked === 'compute.localhost' && from === 'i-10' ? '172.31.0.1' : undefined),
    })
    const peer = new Peer(network, 10)
    new Peer(network, 20)
    peer.send(udpFrame(peer, { destination: '172.31.0.2', ports: [4000, 53], data: query(name, '0001') }))
    const { bytes, end } = await peer.nextPacket(17)
    expect(address === undefined ? undefined : [...bytes.subarray(end - 4, end)].join('.')).toBe(address)
  })
})

describe('a question is for others', () => {
  test.each<[string, Buffer, boolean]>([
    ['about a name of the Internet', query('example.com', '0001'), true],
    ['about its IPv6 address', query('example.com', '001c'), true],
    ['about a name that only ends alike', query('noteuca.internal', '0001'), true],
    ['about an address that is not the cloud’s', query('4.3.2.1.in-addr.arpa', '000c'), true],
    ['with options', Buffer.concat([query('example.com', '0001'), hex('00 0029 1000 00000000 0000')]), true],
    ['never: of an instance', query('ip-1.euca.internal', '0001'), false],
    ['never: of the domain, of an instance that is not there', query('ip-2.EUCA.internal', '0001'), false],
    ['never: the domain itself', query('euca.internal', '0001'), false],
    ['never: an address of the network', query('9.9.31.172.in-addr.arpa', '000c'), false],
    ['never: of another class', Buffer.concat([query('example.com', '0001').subarray(0, -2), hex('0003')]), false],
    ['never: an answer', query('example.com', '0001', '1234 8100 0001 0000 0000 0000'), false],
    ['never: another operation', query('example.com', '0001', '1234 2900 0001 0000 0000 0000'), false],
    ['never: two questions', query('example.com', '0001', '1234 0100 0002 0000 0000 0000'), false],
    ['never: cut off', query('example.com', '0001').subarray(0, -3), false],
    ['never: no query at all', hex('1234'), false],
  ])('%s', (_what, message, expected) => expect(asksOutside(message, names)).toBe(expected))
})
