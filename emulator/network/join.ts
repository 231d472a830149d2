import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Ends a connection so that its other end sees a reset, as that of a connection refused or broken off. */
export function reset(stream: Duplex): void {
  if ('resetAndDestroy' in stream) (stream as Socket).resetAndDestroy()
  else stream.destroy()
}

/**
 * Carries bytes both ways between two connections, half-closes included. An error or an early end of one ends the other
 * with a reset; resolves when both are closed. Never rejects: either end may fail at any time, and only that the other
 * learns of it matters.
 */
export function join(left: Duplex, right: Duplex): Promise<void> {
  const closed = (one: Duplex, other: Duplex) =>
    new Promise<void>((resolve) => {
      let failed = false
      one.once('error', () => {
        failed = true
      })
      const ended = () => {
        const early = failed || !one.readableEnded || !one.writableFinished
        if (early && !other.destroyed) reset(other)
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
