import { describe, expect, test } from 'vitest'
import { formatAddress, parseAddress, parseSubnet } from './addresses.ts'
import { answerDhcp, readDhcp } from './dhcp.ts'

const lease = {
  address: parseAddress('172.31.0.10'),
  subnet: parseSubnet('172.31.0.0/16'),
  hostname: 'ip-172-31-0-10',
  domain: 'euca.internal',
  mtu: 1500,
}

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** A request as busybox sends it; `options` in hexadecimal. */
function request(options: string, { flags = '0000', client = '00000000' } = {}): Buffer {
  const head = hex(`01010600 deadbeef 0005 ${flags} ${client} ${'00000000'.repeat(3)} d00d0000000a ${'00'.repeat(10)}`)
  return Buffer.concat([head, Buffer.alloc(192), hex(`63825363 ${options} ff`)])
}

function ask(options: string, more?: Parameters<typeof request>[1]) {
  const answer = answerDhcp(readDhcp(request(options, more))!, lease)
  if (!answer) return undefined
  const { payload, destination } = answer
  const found = new Map<number, string>()
  for (let at = 240; payload[at] !== 255; at += 2 + payload[at + 1]!) {
    found.set(payload[at]!, payload.toString('hex', at + 2, at + 2 + payload[at + 1]!))
  }
  return { payload, destination: formatAddress(destination), options: found }
}

const settings = [
  [1, 'ffff0000'],
  [3, 'ac1f0001'],
  [6, 'ac1f0002'],
  [12, Buffer.from('ip-172-31-0-10').toString('hex')],
  [15, Buffer.from('euca.internal').toString('hex')],
  [26, '05dc'],
  [28, 'ac1fffff'],
] as const

describe('a lease', () => {
  test('is offered to a discovery, with all that the network is', () => {
    const { payload, options } = ask('350101')!
    expect(payload.subarray(0, 8)).toEqual(hex('02010600 deadbeef'))
    expect(payload.subarray(12, 24)).toEqual(hex('00000000 ac1f000a ac1f0001'))
    expect(payload.subarray(28, 44)).toEqual(hex(`d00d0000000a${'00'.repeat(10)}`))
    expect([...options]).toEqual([[53, '02'], [54, 'ac1f0001'], [51, '00015180'], ...settings])
  })

  test('is given on request, and again on renewal', () => {
    expect(ask('350103 3204ac1f000a 3604ac1f0001')?.options.get(53)).toBe('05')
    const renewed = ask('350103', { client: 'ac1f000a' })
    expect([renewed?.options.get(53), renewed?.destination]).toEqual(['05', '172.31.0.10'])
  })

  test('is refused for another address', () => {
    const refused = ask('350103 3204ac1f000b')
    expect([...refused!.options]).toEqual([
      [53, '06'],
      [54, 'ac1f0001'],
    ])
    expect([refused?.destination, refused?.payload.readUInt32BE(16)]).toEqual(['255.255.255.255', 0])
  })

  test('is not in the answer to who has an address and asks for the rest', () => {
    const informed = ask('350108', { client: 'ac1f000a' })
    expect([...informed!.options]).toEqual([[53, '05'], [54, 'ac1f0001'], ...settings])
    expect(informed?.payload.readUInt32BE(16)).toBe(0)
  })

  test.each([
    ['a release', '350107'],
    ['a refusal of what was offered', '350104'],
    ['a request to another server', '350103 3204ac1f000a 3604ac1f0009'],
    ['a message without a type', '0c0161'],
  ])('is not due for %s', (_what, options) => expect(ask(options)).toBeUndefined())

  test('goes to all stations when the client wants it so', () => {
    expect(ask('350101', { flags: '8000' })?.destination).toBe('255.255.255.255')
    expect(ask('350101')?.destination).toBe('172.31.0.10')
  })

  test('repeats the identifier of the client', () => {
    expect(ask('350101 3d07 01d00d0000000a')?.options.get(61)).toBe('01d00d0000000a')
  })
})

describe('a message', () => {
  test.each([
    ['is cut off', request('350101').subarray(0, 239)],
    ['is an answer', Buffer.concat([Buffer.from([2]), request('350101').subarray(1)])],
    ['has no cookie', Buffer.concat([request('').subarray(0, 236), Buffer.alloc(8)])],
  ])('that %s is none', (_what, bytes) => expect(readDhcp(bytes)).toBeUndefined())

  test('may have padding, and an option that is cut off', () => {
    expect([...readDhcp(request('0000 350101 00'))!.options.keys()]).toEqual([53])
    expect(readDhcp(request('350101 0cff61'))?.options.get(12)?.toString('latin1')).toBe('a\xff')
  })
})
