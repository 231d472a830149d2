import type { NetworkInterfaceInfo } from 'node:os'
import { formatAddress, parseAddress } from '../addresses.ts'

/** An IPv4 range: the first address of it, and its mask. */
interface Range {
  first: number
  mask: number
}

/** Reads `10.0.0.0/8`, also with bits behind the prefix. Throws on anything else. */
export function parseRange(text: string): Range {
  const [address = '', bits = '', ...more] = text.split('/')
  if (more.length > 0 || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) throw new Error(`${text} is no IPv4 range`)
  // A shift by 32 is a shift by 0 in JavaScript.
  return range(parseAddress(address), Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0)
}

const range = (address: number, mask: number): Range => ({ first: (address & mask) >>> 0, mask })
const isIn = ({ first, mask }: Range, address: number): boolean => (address & mask) >>> 0 === first

/** What no setting opens: this host, its link, and addresses that are nobody's (RFC 6890). */
const never = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // The host's own metadata on Azure, outside of 169.254.0.0/16.
  '168.63.129.16/32',
].map(parseRange)

/** Networks that are somebody's own: those around the host have such addresses, whether it has one there or not. */
const inner = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'].map(parseRange)

/** The host's interfaces, as `os.networkInterfaces` gives them. */
export type Interfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address' | 'netmask' | 'family'>[]>

/** The IPv4 addresses and networks that the host has now. */
function attached(interfaces: Interfaces): { address: number; network: Range }[] {
  return Object.values(interfaces).flatMap((addresses = []) =>
    addresses.flatMap(({ address: text, netmask, family }) => {
      if (family !== 'IPv4') return []
      const address = parseAddress(text)
      return [{ address, network: range(address, parseAddress(netmask)) }]
    }),
  )
}

const broadcastOf = ({ first, mask }: Range): number => (first | ~mask) >>> 0

/**
 * Says which addresses guests may reach: never the host itself by any of its addresses, nor its links' broadcasts; the
 * networks that it is attached to, and private ones, only as far as `allow` has them, ranges such as `192.168.7.0/24`.
 * Asks for the interfaces each time, as they come and go. What is not a plain dotted address is refused: an address that
 * embeds an IPv4 one, a name, a shortened form. Throws when a range of `allow` is none.
 */
export function reachable(interfaces: () => Interfaces, allow: readonly string[]): (address: string) => boolean {
  const allowed = allow.map(parseRange)
  return (text) => {
    const address = plainAddress(text)
    if (address === undefined || never.some((one) => isIn(one, address))) return false
    const here = attached(interfaces())
    if (here.some((one) => one.address === address || isEdge(one.network, address))) return false
    if (allowed.some((one) => isIn(one, address))) return true
    return !inner.some((one) => isIn(one, address)) && !here.some(({ network }) => isIn(network, address))
  }
}

/** Whether an address names all stations of a network: its last, and by old custom its first. RFC 3021: 31 bits have none. */
function isEdge(network: Range, address: number): boolean {
  if (network.mask >= 0xfffffffe) return false
  return address === network.first || address === broadcastOf(network)
}

/** The number of an address that is written in the one way in which Node's sockets cannot take it for another. */
function plainAddress(text: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
  const octets = text.split('.').map(Number)
  if (octets.some((octet) => octet > 255)) return undefined
  const address = parseAddress(text)
  // Leading zeros would make an octet octal elsewhere.
  return formatAddress(address) === text ? address : undefined
}
