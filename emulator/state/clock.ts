/** Time as the cloud sees it: operations and engines take it as an argument, so tests can move it. */
export interface Clock {
  /** The wall clock, as records and signatures use it. */
  now(): Date
  /** Milliseconds that only ever grow, for durations and deadlines. */
  monotonic(): number
  /** Resolves after `milliseconds`; rejects with the signal's reason when it is aborted first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clocks. A pending sleep does not keep the process alive. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, milliseconds)
      timer.unref()
      signal?.addEventListener('abort', abort, { once: true })
    }),
}

/** A clock that stands still until a test calls `advance`; sleepers wake in order of their time. */
export interface ManualClock extends Clock {
  /** Moves both clocks by `milliseconds` and lets everything that falls due run. */
  advance(milliseconds: number): Promise<void>
}

/** Makes a manual clock that starts at `start`. */
export function manualClock(start = new Date('2026-01-01T00:00:00Z')): ManualClock {
  let elapsed = 0
  const sleepers = new Set<{ due: number; wake: () => void }>()
  return {
    now: () => new Date(start.getTime() + elapsed),
    monotonic: () => elapsed,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const abort = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const wake = () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        }
        const sleeper = { due: elapsed + milliseconds, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', abort, { once: true })
      }),
    advance: async (milliseconds) => {
      const target = elapsed + milliseconds
      for (;;) {
        const next = [...sleepers].filter(({ due }) => due <= target).sort((a, b) => a.due - b.due)[0]
        if (!next) break
        elapsed = Math.max(elapsed, next.due)
        sleepers.delete(next)
        next.wake()
        // A macrotask turn lets everything that the sleeper started settle before the next one wakes.
        await new Promise((resolve) => setImmediate(resolve))
      }
      elapsed = target
    },
  }
}
