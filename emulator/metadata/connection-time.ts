import type { Duplex } from 'node:stream'
import type { Clock } from '../state/clock.ts'

/** How long a connection lasts at most, in ms: Node's own limits are for servers that listen, which this one does not. */
const longest = 60_000

/** Ends a connection in the end, so that a guest that never finishes what it asks holds none. */
export function endInTime(connection: Duplex, clock: Clock): void {
  const closed = new AbortController()
  connection.once('close', () => closed.abort())
  clock.sleep(longest, closed.signal).then(
    () => connection.destroy(),
    () => undefined,
  )
}
