/** Reads a dotted IPv4 address as an unsigned 32-bit number. Throws on anything else. */
export function parseAddress(text: string): number {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  const octets = match?.slice(1).map(Number) ?? []
  if (octets.length !== 4 || octets.some((octet) => octet > 255)) throw new Error(`${text} is not an IPv4 address`)
  return octets.reduce((address, octet) => address * 256 + octet, 0)
}

/** The dotted form of an address. */
export function formatAddress(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Reads `aa:bb:cc:dd:ee:ff`, in either case, as six bytes. Throws on anything else. */
export function parseMac(text: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new Error(`${text} is not a MAC address`)
  return Buffer.from(text.replaceAll(':', ''), 'hex')
}

/** The private network of the instances and the two addresses in it that are the cloud's own. */
export interface Subnet {
  network: number
  mask: number
  broadcast: number
  /** The router, also the DHCP server: the first address (as in a VPC). */
  gateway: number
  /** The name server: the second address (as in a VPC). */
  resolver: number
}

/** Reads `172.31.0.0/16`. Throws when it is not a network of 16 to 29 bits: flows are keyed by an address' low 16 bits. */
export function parseSubnet(text: string): Subnet {
  const [address = '', bits = ''] = text.split('/')
  const network = parseAddress(address)
  const prefix = /^\d+$/.test(bits) ? Number(bits) : -1
  if (prefix < 16 || prefix > 29) throw new Error(`${text} is not a subnet of 16 to 29 bits`)
  const mask = (0xffffffff << (32 - prefix)) >>> 0
  if ((network & mask) >>> 0 !== network) throw new Error(`${text} has bits set behind its prefix`)
  return { network, mask, broadcast: (network | ~mask) >>> 0, gateway: network + 1, resolver: network + 2 }
}

/** Whether an address lies in a subnet. */
export function contains(subnet: Subnet, address: number): boolean {
  return (address & subnet.mask) >>> 0 === subnet.network
}

/** Where every instance finds its metadata: 169.254.169.254. */
export const metadataAddress = 0xa9fea9fe

/** The address of every station of a link: 255.255.255.255. */
export const limitedBroadcast = 0xffffffff
