import { limitedBroadcast, type Subnet } from './addresses.ts'

/** Ports of server and client (RFC 2131). */
export const dhcpPorts = { server: 67, client: 68 } as const

const fixedLength = 240
const cookie = 0x63825363
const types = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, inform: 8 } as const
const leaseSeconds = 86_400

/** What a client asks. `options` are views, by code; a code that occurs more than once is joined (RFC 3396). */
export interface DhcpRequest {
  bytes: Buffer
  clientAddress: number
  mac: Buffer
  wantsBroadcast: boolean
  options: Map<number, Buffer>
}

/** What the network gives an instance; always the same. */
export interface Lease {
  address: number
  subnet: Subnet
  hostname: string
  domain: string
  mtu: number
}

/** An answer and whereto it goes. */
export interface DhcpAnswer {
  destination: number
  payload: Buffer
}

function readOptions(bytes: Buffer): Map<number, Buffer> {
  const options = new Map<number, Buffer>()
  let at = fixedLength
  while (at < bytes.length) {
    const code = bytes.readUInt8(at)
    if (code === 255) break
    if (code === 0) {
      at += 1
      continue
    }
    if (at + 2 > bytes.length) break
    const value = bytes.subarray(at + 2, at + 2 + bytes.readUInt8(at + 1))
    const before = options.get(code)
    options.set(code, before ? Buffer.concat([before, value]) : value)
    at += 2 + bytes.readUInt8(at + 1)
  }
  return options
}

/** Reads a request of an Ethernet client; undefined for everything else. */
export function readDhcp(bytes: Buffer): DhcpRequest | undefined {
  if (bytes.length < fixedLength || bytes.readUInt32BE(236) !== cookie) return undefined
  // A request (1), by Ethernet (1), with addresses of 6 bytes.
  if (bytes.readUIntBE(0, 3) !== 0x010106) return undefined
  return {
    bytes,
    clientAddress: bytes.readUInt32BE(12),
    mac: bytes.subarray(28, 34),
    wantsBroadcast: (bytes.readUInt16BE(10) & 0x8000) !== 0,
    options: readOptions(bytes),
  }
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const optionBytes = ([code, value]: readonly [number, Buffer]) =>
  Buffer.concat([Buffer.from([code, Math.min(value.length, 255)]), value.subarray(0, 255)])

function settings({ subnet, hostname, domain, mtu }: Lease): [number, Buffer][] {
  return [
    [1, word(subnet.mask)],
    [3, word(subnet.gateway)],
    [6, word(subnet.resolver)],
    [12, Buffer.from(hostname)],
    [15, Buffer.from(domain)],
    [26, Buffer.from([mtu >> 8, mtu & 255])],
    [28, word(subnet.broadcast)],
  ]
}

/** Which kind of answer a request gets (RFC 2131, section 4.3), if any. */
function answerType({ clientAddress, options }: DhcpRequest, { address, subnet }: Lease): number | undefined {
  const type = options.get(53)?.at(0)
  if (type === types.discover) return types.offer
  if (type === types.inform) return types.ack
  if (type !== types.request) return undefined
  const server = options.get(54)
  if (server && !server.equals(word(subnet.gateway))) return undefined
  const wanted = options.get(50) ?? word(clientAddress)
  return wanted.equals(word(address)) ? types.ack : types.nak
}

/** The answer to a request, or undefined where none is due (a release, a request to another server). */
export function answerDhcp(request: DhcpRequest, lease: Lease): DhcpAnswer | undefined {
  const type = answerType(request, lease)
  if (type === undefined) return undefined
  const informs = request.options.get(53)?.at(0) === types.inform
  const head = Buffer.alloc(fixedLength)
  head.writeUIntBE(0x020106, 0, 3)
  request.bytes.copy(head, 4, 4, 8)
  request.bytes.copy(head, 10, 10, 12)
  if (type !== types.nak) {
    head.writeUInt32BE(request.clientAddress, 12)
    if (!informs) head.writeUInt32BE(lease.address, 16)
    head.writeUInt32BE(lease.subnet.gateway, 20)
  }
  request.bytes.copy(head, 24, 24, 44)
  head.writeUInt32BE(cookie, 236)
  const identifier = request.options.get(61)
  const options: [number, Buffer][] = [
    [53, Buffer.from([type])],
    [54, word(lease.subnet.gateway)],
    ...(type === types.nak || informs ? [] : [[51, word(leaseSeconds)] satisfies [number, Buffer]]),
    ...(type === types.nak ? [] : settings(lease)),
    // RFC 6842: an identifier comes back as it was sent.
    ...(identifier ? [[61, identifier] satisfies [number, Buffer]] : []),
  ]
  return {
    destination: destination(request, lease, type),
    payload: Buffer.concat([head, ...options.map(optionBytes), Buffer.from([255])]),
  }
}

function destination({ clientAddress, wantsBroadcast }: DhcpRequest, lease: Lease, type: number): number {
  if (type === types.nak) return limitedBroadcast
  if (clientAddress !== 0) return lease.address
  return wantsBroadcast ? limitedBroadcast : lease.address
}
