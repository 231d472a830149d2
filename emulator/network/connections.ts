import type { Duplex } from 'node:stream'
import { formatAddress } from './addresses.ts'
import { sendReset } from './answers.ts'
import { usualTimeToLive } from './ipv4.ts'
import type { Network } from './network.ts'
import type { Port } from './port.ts'
import type { PacketFacts } from './security.ts'
import { Connection } from './tcp/connection.ts'
import { connectionError } from './tcp/connection-error.ts'
import type { End } from './tcp/outlet.ts'
import { flags, has, type Segment } from './tcp/segment.ts'

/** How many connections an instance may have with the router, those that were just closed included. */
const mostConnections = 1024
/** Of these, how many are kept for those that the instance begins itself: its metadata is not to fail for its visitors. */
const keptForInstance = 128
/** The ports that connections from outside come from, as the guest sees them. */
const [firstPort, lastPort] = [32_768, 60_999]

/** A connection of a port by the router's end of it: its address (one of two), its port and the instance's. */
function connectionKey(network: Network, local: number, localPort: number, remotePort: number): number {
  return ((local === network.net.gateway ? 1 : 0) * 0x10000 + localPort) * 0x10000 + remotePort
}

/** What each connection from outside was allowed as, to ask again when the rules change. */
export type FromOutside = Map<Connection, PacketFacts>

/** The router's end of a connection of a port that is known by `key` there. `ports`: the router's, the instance's. */
export function endOf(
  network: Network,
  port: Port,
  key: number,
  ports: [local: number, remote: number],
  address: number,
): End {
  const { clock, random, mtu } = network
  return {
    port,
    clock,
    mtu,
    initialSequence: random() >>> 0,
    localAddress: address,
    localPort: ports[0],
    remotePort: ports[1],
    timeToLive: usualTimeToLive,
    closed: () => port.connections.delete(key),
  }
}

/** Makes room for one connection beside `kept` by forgetting the oldest that is closed. False when all are in use. */
export function makeRoom(port: Port, kept = 0): boolean {
  if (port.connections.size < mostConnections - kept) return true
  for (const connection of port.connections.values()) {
    if (!connection.isLingering) continue
    connection.forget()
    return true
  }
  return false
}

/** Gives a segment to its connection; `accept` says what becomes of a new one, and is undefined where nobody listens. */
export function receiveSegment(
  network: Network,
  port: Port,
  local: number,
  segment: Segment,
  accept: ((stream: Duplex, end: End) => void) | undefined,
): void {
  const key = connectionKey(network, local, segment.destinationPort, segment.sourcePort)
  const isSyn = has(segment, flags.syn) && !has(segment, flags.acknowledge | flags.reset)
  const known = port.connections.get(key)
  // RFC 9293: a SYN opens anew what was closed before.
  if (known?.isLingering && isSyn) known.forget()
  else if (known) {
    known.receive(segment)
    return
  }
  if (!isSyn || !accept || !makeRoom(port)) {
    sendReset(port, local, segment)
    return
  }
  const end = endOf(network, port, key, [segment.destinationPort, segment.sourcePort], local)
  port.connections.set(key, new Connection(end, (stream) => accept(stream, end), segment))
}

function freePort(network: Network, port: Port, remotePort: number): number {
  const count = lastPort - firstPort + 1
  const start = network.random() % count
  for (let index = 0; index < count; index += 1) {
    const candidate = firstPort + ((start + index) % count)
    if (!port.connections.has(connectionKey(network, network.net.gateway, candidate, remotePort))) return candidate
  }
  throw connectionError('EADDRNOTAVAIL', 'no port of the gateway is free')
}

/** Connects to an instance's TCP port as the router does for clients outside. Rejects with the codes of Node's sockets. */
export async function dialPort(
  network: Network,
  port: Port,
  tcpPort: number,
  { from = '127.0.0.1', signal, fromOutside }: { from?: string; signal?: AbortSignal; fromOutside: FromOutside },
): Promise<Duplex> {
  signal?.throwIfAborted()
  const destination = formatAddress(port.address)
  const facts = { from: 'outside', to: port.instanceId, source: from, destination, protocol: 6, port: tcpPort }
  if (!network.allows(facts)) throw connectionError('EACCES', `no security group of ${port.instanceId} opens the port`)
  if (!makeRoom(port, keptForInstance)) throw connectionError('EAGAIN', `${port.instanceId} has too many connections`)
  const { gateway } = network.net
  const localPort = freePort(network, port, tcpPort)
  const key = connectionKey(network, gateway, localPort, tcpPort)
  const end = endOf(network, port, key, [localPort, tcpPort], gateway)
  return new Promise((resolve, reject) => {
    const established = (stream: Duplex) => {
      signal?.removeEventListener('abort', abort)
      resolve(stream)
    }
    const closed = () => {
      end.closed()
      fromOutside.delete(connection)
      signal?.removeEventListener('abort', abort)
    }
    const connection = new Connection({ ...end, closed }, established)
    const abort = () => connection.stream.destroy(signal?.reason)
    // Stays: the instance may break off before whoever dialled can listen, and then `closed` of the stream tells.
    connection.stream.on('error', reject)
    signal?.addEventListener('abort', abort, { once: true })
    port.connections.set(key, connection)
    fromOutside.set(connection, facts)
  })
}
