import type { Duplex } from 'node:stream'

/**
 * Carries bytes both ways between two connections, half-closes included. An error or an early end of one ends the other
 * with `abort`; resolves when both are closed. Never rejects: either end may fail at any time, and only that the other
 * learns of it matters.
 */
export function join(left: Duplex, right: Duplex, abort: (stream: Duplex) => void): Promise<void> {
  const closed = (one: Duplex, other: Duplex) =>
    new Promise<void>((resolve) => {
      let failed = false
      one.once('error', () => {
        failed = true
      })
      const ended = () => {
        const early = failed || !one.readableEnded || !one.writableFinished
        if (early && !other.destroyed) abort(other)
        resolve()
      }
      if (one.closed) ended()
      else one.once('close', ended)
    })
  const both = Promise.all([closed(left, right), closed(right, left)])
  left.pipe(right)
  right.pipe(left)
  return both.then(() => undefined)
}
