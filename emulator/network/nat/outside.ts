import type { Duplex } from 'node:stream'

/** What one UDP flow tells whoever opened it. */
export interface FlowEvents {
  /** An answer; only the one at the other end can send it. `bytes` is the listener's. */
  received(bytes: Buffer): void
  /** Nothing can be sent: nobody listens there, or there is no way. The flow is closed. */
  failed(error: Error): void
}

/** A UDP flow from this host to one port of one address. */
export interface DatagramFlow {
  /** Sends a copy. */
  send(bytes: Buffer): void
  /** Ends the flow; no event follows. */
  close(): void
}

/** Sockets of the host, which reach whatever the host reaches. */
export interface HostSockets {
  /** Opens a TCP connection; rejects with the codes of Node's sockets. Errors that come later are only the stream's. */
  connect(address: string, port: number): Promise<Duplex>
  /** Opens a UDP flow. */
  open(address: string, port: number, events: FlowEvents): DatagramFlow
  /** Opens a UDP flow to the host's own name server; undefined when it has none. */
  openResolver(events: FlowEvents): DatagramFlow | undefined
}

/** The world beyond the switch, as far as guests may reach it. */
export interface Outside extends HostSockets {
  /** Whether guests may reach a dotted address at all. */
  reaches(address: string): boolean
}

/** Lets guests use the host's sockets for what they may reach, and for nothing else. */
export function guarded(sockets: HostSockets, reaches: (address: string) => boolean): Outside {
  const check = (address: string) => {
    if (!reaches(address)) throw new Error(`guests may not reach ${address}`)
  }
  return {
    reaches,
    async connect(address, port) {
      check(address)
      return sockets.connect(address, port)
    },
    open(address, port, events) {
      check(address)
      return sockets.open(address, port, events)
    },
    openResolver: (events) => sockets.openResolver(events),
  }
}
