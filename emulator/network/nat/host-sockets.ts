import { createSocket } from 'node:dgram'
import { getServers } from 'node:dns'
import { connect, isIPv6 } from 'node:net'
import type { DatagramFlow, FlowEvents, HostSockets } from './outside.ts'

/** How many datagrams wait for a socket that is not ready yet. */
const mostWaiting = 16

/** Reads a name server as Node lists it: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. */
export function parseServer(text: string): { address: string; port: number } {
  if (isIPv6(text)) return { address: text, port: 53 }
  const [, address = text, port = '53'] = /^\[?(.+?)\]?:(\d+)$/.exec(text) ?? []
  return { address, port: Number(port) }
}

function open(address: string, port: number, events: FlowEvents): DatagramFlow {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const waiting: Buffer[] = []
  let state: 'opening' | 'open' | 'closed' = 'opening'
  const close = () => {
    if (state !== 'closed') socket.close()
    state = 'closed'
  }
  socket.on('error', (error) => {
    const wasOpen = state !== 'closed'
    close()
    if (wasOpen) events.failed(error)
  })
  socket.on('message', (bytes) => {
    if (state !== 'closed') events.received(bytes)
  })
  // Connected, the system itself drops what anybody else sends, and reports that nobody listens there.
  socket.on('connect', () => {
    if (state === 'closed') return
    state = 'open'
    for (const bytes of waiting.splice(0)) socket.send(bytes)
  })
  socket.connect(port, address)
  return {
    send(bytes) {
      if (state === 'open') socket.send(Buffer.from(bytes))
      else if (state === 'opening' && waiting.length < mostWaiting) waiting.push(Buffer.from(bytes))
    },
    close,
  }
}

/** The host's own sockets; `servers` lists its name servers, of which the first is asked. */
export function hostSockets(servers: () => readonly string[] = getServers): HostSockets {
  return {
    connect: (host, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port, allowHalfOpen: true, noDelay: true }, () => resolve(socket))
        // Stays: the other side may break off before whoever asked can listen, and then `closed` of the stream tells.
        socket.on('error', reject)
      }),
    open,
    openResolver(events) {
      const [first] = servers()
      if (first === undefined) return undefined
      const { address, port } = parseServer(first)
      return open(address, port, events)
    },
  }
}
