import type { Clock } from '../state/clock.ts'
import type { Lifecycles } from './expire.ts'

/** What lifecycles run on. */
export interface LifecyclesToRun {
  readonly objects: Lifecycles
  readonly clock: Clock
  /** Milliseconds that a day lasts. */
  readonly day: number
}

/**
 * Ends what has expired: now, for what fell due while nothing ran, and then at every midnight of UTC, when days end. The
 * returned function ends that; it resolves when nothing is under way.
 */
export function runLifecycles({ objects, clock, day }: LifecyclesToRun): () => Promise<void> {
  const stopping = new AbortController()
  const { signal } = stopping
  const run = async () => {
    while (!signal.aborted) {
      await objects.endExpired(day, signal).catch((error: unknown) => {
        // The next midnight has another try.
        console.error('lifecycles of buckets:', error)
      })
      const now = clock.now().getTime()
      // The sleep ends by the signal; it may end a little early, and then the rest is slept.
      await clock.sleep(day - (now % day), signal).catch(() => {})
    }
  }
  const running = run()
  return () => {
    stopping.abort(new Error('the emulator is stopping'))
    return running
  }
}
