import { once } from 'node:events'
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { watchBodies } from './stalled-bodies.ts'
import type { Clock } from './state/clock.ts'
import type { ServerIdentity } from './tls.ts'

/** The port of the cloud. */
export interface Listener {
  /** What to call: HTTP, and the same over TLS where that is spoken. */
  readonly url: string
  readonly secureUrl: string | undefined
  /** Takes no new connections, and ends those that ask nothing. */
  close(): void
  /** Ends all connections. */
  closeAll(): void
}

/** What listens is asked for. */
export interface ListenerOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** What is shown to those who speak TLS; without it nobody may. */
  readonly identity?: ServerIdentity
  readonly clock: Clock
  readonly answer: RequestListener
}

const limits = { requestTimeout: 0, headersTimeout: 10_000, keepAliveTimeout: 65_000 }

/** Has a server answer; a client that asks first is told to go on only when its signature is good. */
function serve(server: Server, answer: RequestListener, clock: Clock): void {
  const exchanges = watchBodies(clock)
  const noted: RequestListener = (incoming, outgoing) => {
    exchanges.note({ incoming, outgoing })
    answer(incoming, outgoing)
  }
  server.on('request', noted)
  server.on('checkContinue', noted)
  // S3 passes over other expectations, where Node would answer 417.
  server.on('checkExpectation', noted)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const { incoming, outgoing } = exchanges.latest(socket) ?? {}
    // A body longer than its Content-Length is no request: the one that it came with is answered all the same.
    if (incoming?.complete && outgoing && !outgoing.writableFinished) {
      outgoing.once('close', () => socket.destroy())
      outgoing.shouldKeepAlive = false
      return
    }
    const status = refusalStatus[error.code ?? ''] ?? 400
    const isAnswering = outgoing?.headersSent && !outgoing.writableFinished
    if (socket.writable && !isAnswering) {
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`)
    }
    socket.destroy()
  })
}

/** How Node itself answers what is no request (its documentation of `clientError`); all else is 400. */
const refusalStatus: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** The first byte of a TLS handshake; no method of HTTP begins with it. */
const handshake = 22

/**
 * Has one listener speak both: a connection whose first byte begins a handshake goes to `secure`, all others stay. That
 * is how the front end of Eucalyptus answers HTTP and HTTPS on its one port.
 */
function speakBoth(plain: Server, secure: Server, clock: Clock): void {
  const [ordinary] = plain.listeners('connection') as ((this: Server, socket: Socket) => void)[]
  plain.removeAllListeners('connection')
  plain.on('connection', (socket) => {
    const told = new AbortController()
    const giveUp = () => void socket.destroy()
    socket.once('error', giveUp).once('close', () => told.abort())
    clock.sleep(limits.headersTimeout, told.signal).then(giveUp, () => undefined)
    socket.once('readable', () => {
      told.abort()
      const first: Buffer | null = socket.read(1)
      if (!first) return socket.end()
      socket.unshift(first)
      socket.off('error', giveUp)
      if (first[0] === handshake) return secure.emit('connection', socket)
      return ordinary?.call(plain, socket)
    })
  })
}

/** Listens. Rejects with the system's error when the port cannot be had. */
export async function listen({ host, port, identity, clock, answer }: ListenerOptions): Promise<Listener> {
  const plain = createServer(limits)
  serve(plain, answer, clock)
  const secure = identity && createSecureServer({ ...limits, ...identity })
  if (secure) {
    serve(secure, answer, clock)
    speakBoth(plain, secure, clock)
    // It gets its connections from the other; Node keeps its book of them from the moment that it says it listens.
    secure.emit('listening')
  }
  plain.listen(port, host)
  await once(plain, 'listening')
  const address = plain.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  // An address that means all of this host's is no address to call.
  const authority = `${/^(?:0\.0\.0\.0|\[::\])$/.test(name) ? '127.0.0.1' : name}:${address.port}`
  return {
    url: `http://${authority}`,
    secureUrl: secure && `https://${authority}`,
    close() {
      plain.close()
      for (const server of [plain, secure]) server?.closeIdleConnections()
    },
    closeAll() {
      for (const server of [plain, secure]) server?.closeAllConnections()
      // What listens no more says so to what never did: its timer of the connections' limits ends.
      secure?.close(() => undefined)
    },
  }
}
