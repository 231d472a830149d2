import { createHash } from 'node:crypto'
import type { Server } from 'node:net'
import { bind, whyUnavailable } from './listeners.ts'

/** Whoever listens here on the first address of a /24 of 127.8.0.0/16 has its addresses. */
const lockPort = 8774

/** The public addresses of one emulator: a /24 of 127.8.0.0/16. */
export interface AddressPool {
  /** The network, such as `127.8.42.0/24`. */
  readonly network: string
  /** False where the host has 127.0.0.1 alone: the addresses are names, and other ports stand in for theirs. */
  readonly isBindable: boolean
  /** Every address that an owner can have: all of the network but its first two and its last. */
  readonly addresses: readonly string[]
  /** The address of an owner: the one it has, the one it wants when that is free, or the lowest that is free. Throws when all are taken. */
  assign(owner: string, wanted?: string): string
  /** Gives an owner's address back; does nothing when it has none. */
  release(owner: string): void
  addressOf(owner: string): string | undefined
  /** Lets another emulator have the network. */
  close(): Promise<void>
}

const [firstHost, lastHost] = [2, 254]

/** The networks in the order in which a data folder tries them: from one that its path stands for. */
function candidates(folder: string): number[] {
  const start = createHash('sha256').update(folder).digest().readUInt8(0)
  return Array.from({ length: 256 }, (_, index) => (start + index) % 256)
}

/** Takes the first network that no other emulator has; undefined where such addresses cannot be bound at all. */
async function lock(folder: string): Promise<{ network: number; server: Server | undefined }> {
  const networks = candidates(folder)
  for (const network of networks) {
    try {
      return { network, server: await bind(`127.8.${network}.1`, lockPort, (socket) => socket.destroy()) }
    } catch (error) {
      if (whyUnavailable(error) === 'EADDRNOTAVAIL') break
    }
  }
  return { network: networks[0] ?? 0, server: undefined }
}

/**
 * Takes a network of public addresses for the emulator of a data folder: the same as before, unless another emulator has
 * it. Where none can be had the addresses are only names: two such emulators may use the same.
 */
export async function openAddressPool(folder: string): Promise<AddressPool> {
  const { network, server } = await lock(folder)
  const owners = new Map<string, string>()
  const isFree = (address: string) => ![...owners.values()].includes(address)
  const addresses = Array.from(
    { length: lastHost - firstHost + 1 },
    (_, index) => `127.8.${network}.${firstHost + index}`,
  )
  return {
    network: `127.8.${network}.0/24`,
    isBindable: server !== undefined,
    addresses,
    assign(owner, wanted) {
      const has = owners.get(owner)
      if (has) return has
      const address = wanted && addresses.includes(wanted) && isFree(wanted) ? wanted : addresses.find(isFree)
      if (!address) throw new Error(`all ${addresses.length} public addresses of 127.8.${network}.0/24 are in use`)
      owners.set(owner, address)
      return address
    },
    release: (owner) => void owners.delete(owner),
    addressOf: (owner) => owners.get(owner),
    close: () => new Promise((resolve) => (server ? server.close(() => resolve()) : resolve())),
  }
}
