import { createHash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'

/** A port of a public address and where the host really listens for it. */
export interface Listening {
  address: string
  port: number
  boundAddress: string
  boundPort: number
  /** Why another port stands in: `EACCES`, `EADDRINUSE` or `EADDRNOTAVAIL`; undefined when none has to. */
  reason: string | undefined
}

/** The errors of binding that mean "not this port": no right to it, in use by another program, not an address of this host. */
const unavailable = new Set(['EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL'])

/** Where ports stand in that cannot be had. */
const standIn = { address: '127.0.0.1', first: 20_000, count: 40_000, tries: 200 }

/** Listens on an address of the host. Rejects with Node's own errors. */
export function bind(address: string, port: number, connected: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    // `pauseOnConnect`: nothing is read before there is somewhere to bring it.
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, connected)
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

/** The code of an error that says that a port cannot be had. Throws every other error. */
export function whyUnavailable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? `${error.code}` : ''
  if (!unavailable.has(code)) throw error
  return code
}

/** The same number for the same port of the same address, so that a stand-in is found where it was before. */
function firstChoice(address: string, port: number): number {
  return createHash('sha256').update(`${address}:${port}`).digest().readUInt32BE(0) % standIn.count
}

/**
 * Listens on a port of an address, or on a high port of 127.0.0.1 that stands in for it. Rejects when no port can be had,
 * with the reason that the last one gave.
 */
export async function listenFor(
  address: string,
  port: number,
  connected: (socket: Socket) => void,
): Promise<{ server: Server; listening: Listening }> {
  let reason: string
  try {
    const server = await bind(address, port, connected)
    return { server, listening: { address, port, boundAddress: address, boundPort: port, reason: undefined } }
  } catch (error) {
    reason = whyUnavailable(error)
  }
  const start = firstChoice(address, port)
  for (let index = 0; ; index += 1) {
    const boundPort = standIn.first + ((start + index) % standIn.count)
    try {
      const server = await bind(standIn.address, boundPort, connected)
      return { server, listening: { address, port, boundAddress: standIn.address, boundPort, reason } }
    } catch (error) {
      whyUnavailable(error)
      if (index === standIn.tries) throw error
    }
  }
}
