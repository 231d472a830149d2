import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from './state/clock.ts'

/** A request and its answer. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** The latest exchange of every connection, watched. */
export interface Exchanges {
  note(exchange: Exchange): void
  latest(socket: Duplex): Exchange | undefined
}

/** Milliseconds between two looks, and at how many looks in a row a body that nothing comes of is given up. */
const [interval, patience] = [10_000, 6]

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Whether it is the client's turn: a body that nobody reads yet, or of which bytes wait to be read, waits for us. */
const isClientsTurn = ({ readableFlowing, readableLength }: IncomingMessage) =>
  readableFlowing !== null && readableLength === 0

/**
 * Gives up bodies of which nothing came for a minute, so that what their requests hold is free again. Looks are counted
 * and not the time, for a host that stood still has heard nothing. The request gets the event `stalled`, to refuse it by;
 * if nobody listens, or it is answered already, or stalls even so, its connection is broken off. Requests whose body is
 * there are never touched, however long their answer takes.
 */
export function watchBodies(clock: Clock): Exchanges {
  const open = new Map<Duplex, Exchange & { bytes: number; looks: number }>()
  let isWatching = false

  function look(): boolean {
    let isAnyLeft = false
    for (const [socket, exchange] of open) {
      const { incoming, outgoing } = exchange
      if (incoming.complete || !hasBody(incoming)) continue
      isAnyLeft = true
      const { bytesRead } = incoming.socket
      const isQuiet = bytesRead === exchange.bytes && isClientsTurn(incoming)
      exchange.bytes = bytesRead
      exchange.looks = isQuiet ? exchange.looks + 1 : 0
      if (exchange.looks < patience) continue
      const isTold = exchange.looks === patience && !outgoing.headersSent && incoming.emit('stalled')
      if (!isTold) socket.destroy()
    }
    return isAnyLeft
  }

  async function watch(): Promise<void> {
    do await clock.sleep(interval)
    while (look())
    isWatching = false
  }

  return {
    latest: (socket) => open.get(socket),
    note(exchange) {
      const { incoming, outgoing } = exchange
      const { socket } = incoming
      if (!open.has(socket)) socket.once('close', () => open.delete(socket))
      open.set(socket, { incoming, outgoing, bytes: socket.bytesRead, looks: 0 })
      if (isWatching || !hasBody(incoming)) return
      isWatching = true
      void watch()
    },
  }
}
