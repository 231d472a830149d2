import type { Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { join, reset } from './join.ts'
import { type Listening, listenFor } from './listeners.ts'

/** What carries connections to public addresses into instances. */
export interface PublicAddresses {
  /**
   * Makes an instance be reached at `address` on exactly these TCP ports; ports that are no longer among them are closed,
   * and so are their connections. Calls for one address take effect in order. Resolves with what listens then. Rejects
   * when neither a port nor a stand-in for it can be had; the other ports are as asked.
   */
  publish(instanceId: string, address: string, ports: readonly number[]): Promise<Listening[]>
  /** Closes all ports of an address and ends their connections. */
  withdraw(address: string): Promise<void>
  /** Where each port of an address, or of all, is listened for, in order. */
  listening(address?: string): Listening[]
  /** Withdraws all; later calls of `publish` reject. */
  close(): Promise<void>
}

/** Opens a connection to an instance's port, as `Switch.dial` does. */
export type Dial = (instanceId: string, port: number, options: { from: string; signal: AbortSignal }) => Promise<Duplex>

interface Listener {
  instanceId: string
  listening: Listening
  server: Server
  sockets: Set<Socket>
}

/** Carries one client's connection into the instance; a refusal there resets it here. Never rejects. */
async function carry(dial: Dial, instanceId: string, port: number, client: Socket): Promise<void> {
  const hungUp = new AbortController()
  const onClose = () => hungUp.abort()
  // Until there is another end, an error of the client's means only that it is gone, and `close` says so.
  const onError = () => undefined
  client.on('close', onClose).on('error', onError)
  let guest: Duplex
  try {
    guest = await dial(instanceId, port, { from: client.remoteAddress ?? '127.0.0.1', signal: hungUp.signal })
  } catch {
    // The guest's refusal, whatever it is, reaches the client as TCP has it.
    reset(client)
    return
  }
  client.off('close', onClose)
  await join(client, guest)
}

async function openListener(dial: Dial, instanceId: string, address: string, port: number): Promise<Listener> {
  const sockets = new Set<Socket>()
  const { server, listening } = await listenFor(address, port, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void carry(dial, instanceId, port, socket)
  })
  return { instanceId, listening, server, sockets }
}

function closeListener({ server, sockets }: Listener): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const socket of sockets) reset(socket)
  })
}

/** Begins with nothing published. Listens on loopback addresses only: `address` MUST be one. */
export function createPublicAddresses(dial: Dial): PublicAddresses {
  const listeners = new Map<string, Map<number, Listener>>()
  const queues = new Map<string, Promise<unknown>>()
  let closed = false
  const inOrder = <Result>(address: string, work: () => Promise<Result>): Promise<Result> => {
    const before = queues.get(address) ?? Promise.resolve()
    const result = before.then(work, work)
    queues.set(address, result)
    return result
  }
  const listening = (address?: string) =>
    [...(address === undefined ? listeners.values() : [listeners.get(address) ?? new Map<number, Listener>()])]
      .flatMap((ports) => [...ports.values()].map((listener) => listener.listening))
      .sort((a, b) => a.address.localeCompare(b.address) || a.port - b.port)
  const set = async (instanceId: string, address: string, ports: ReadonlySet<number>) => {
    const open = listeners.get(address) ?? new Map<number, Listener>()
    const stale = [...open].filter(([port, listener]) => !ports.has(port) || listener.instanceId !== instanceId)
    for (const [port] of stale) open.delete(port)
    await Promise.all(stale.map(([, listener]) => closeListener(listener)))
    if (ports.size > 0) listeners.set(address, open)
    else listeners.delete(address)
    const missing = [...ports].filter((port) => !open.has(port))
    const opened = await Promise.allSettled(missing.map((port) => openListener(dial, instanceId, address, port)))
    for (const result of opened) {
      if (result.status === 'fulfilled') open.set(result.value.listening.port, result.value)
    }
    const failure = opened.find((result) => result.status === 'rejected')
    if (failure) throw failure.reason
    return listening(address)
  }
  const withdraw = async (address: string) => void (await inOrder(address, () => set('', address, new Set())))
  return {
    async publish(instanceId, address, ports) {
      if (closed) throw new Error('the public addresses are closed')
      if (!address.startsWith('127.')) throw new Error(`${address} is no loopback address`)
      return inOrder(address, () => set(instanceId, address, new Set(ports)))
    },
    withdraw,
    listening,
    async close() {
      closed = true
      await Promise.all([...new Set([...queues.keys(), ...listeners.keys()])].map(withdraw))
    },
  }
}
