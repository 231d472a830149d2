import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'

/** How to wait: seconds on an idle machine, and how many times slower the target is. */
export interface Patience {
  readonly seconds: number
  readonly timeScale: number
}

const [firstPause, longestPause] = [50, 2000]

/**
 * Looks again and again, at growing intervals, until what is seen is good, and returns that. Throws what `look` or
 * `isGood` throws, and when the time is over an Error that says what was last seen.
 */
export async function until<Seen>(
  what: string,
  look: () => Promise<Seen>,
  isGood: (seen: Seen) => boolean,
  { seconds, timeScale }: Patience,
): Promise<Seen> {
  const deadline = performance.now() + seconds * timeScale * 1000
  for (let wait = firstPause; ; wait = Math.min(wait * 1.5, longestPause)) {
    const seen = await look()
    if (isGood(seen)) return seen
    if (performance.now() > deadline) {
      const last = typeof seen === 'string' ? seen.slice(-2000) : inspect(seen, { depth: 6, breakLength: 120 })
      throw new Error(`${what} did not come within ${seconds * timeScale} seconds; last seen: ${last}`)
    }
    await pause(wait)
  }
}
