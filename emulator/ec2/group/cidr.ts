import { isIPv4 } from 'node:net'

/** A range of IPv4 addresses: the number of its first address, and how many leading bits all of them share. */
interface Range {
  readonly first: number
  readonly bits: number
}

/** An IPv4 address as an unsigned 32-bit number. */
const numberOf = (address: string): number =>
  address.split('.').reduce((number, octet) => ((number << 8) | Number(octet)) >>> 0, 0)

const addressOf = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')

/** A shift by 32 is a shift by 0 in JavaScript, hence the case of no bits. */
const maskOf = (bits: number): number => (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0)

function rangeOf(cidr: string): Range | undefined {
  const [address = '', length = '', ...more] = cidr.split('/')
  const bits = Number(length)
  if (more.length || !isIPv4(address) || !/^\d{1,2}$/.test(length) || bits > 32) return undefined
  return { first: (numberOf(address) & maskOf(bits)) >>> 0, bits }
}

/** `10.1.2.3/8` as `10.0.0.0/8`, as the cloud keeps it; `undefined` for what is no IPv4 range in CIDR notation. */
export function canonicalCidr(cidr: string): string | undefined {
  const range = rangeOf(cidr)
  return range && `${addressOf(range.first)}/${range.bits}`
}

/** Whether an IPv4 address lies in a range. False for what is no range or no address. */
export function cidrContains(cidr: string, address: string): boolean {
  const range = rangeOf(cidr)
  return range !== undefined && isIPv4(address) && (numberOf(address) & maskOf(range.bits)) >>> 0 === range.first
}
