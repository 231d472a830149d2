/** Hears how much of a piece of work is done. */
export type OnProgress = (bytes: number, total: number) => void

/** Who waits for a piece of work. */
export interface Waiter {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/** The work itself. It should end soon, and have tidied up, once `signal` is aborted. */
type Work<Result> = (signal: AbortSignal, onProgress: OnProgress) => Promise<Result>

interface Job<Result> {
  readonly result: Promise<Result>
  readonly abort: AbortController
  readonly listeners: Set<OnProgress>
  waiters: number
}

/**
 * Makes a runner that does the same work (by key) once for all who ask while it runs. One who gives up leaves the
 * others alone; when the last gives up, the work is aborted and its end awaited. A failure is everybody's, and the next
 * to ask starts anew. The runner rejects as the work does, or with the reason of the waiter's signal.
 */
export function shareWork<Result>(): (key: string, waiter: Waiter, work: Work<Result>) => Promise<Result> {
  const jobs = new Map<string, Job<Result>>()

  const leave = async (key: string, job: Job<Result>): Promise<void> => {
    job.waiters -= 1
    if (job.waiters > 0) return
    if (jobs.get(key) === job) jobs.delete(key)
    job.abort.abort()
    // Whoever waited has the outcome already, or gave up and gets the reason of that.
    await Promise.allSettled([job.result])
  }

  return async (key, { signal, onProgress }, work) => {
    signal?.throwIfAborted()
    const job = jobs.get(key) ?? start(work)
    jobs.set(key, job)
    job.waiters += 1
    if (onProgress) job.listeners.add(onProgress)
    const over = new AbortController()
    const givenUp = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { signal: over.signal })
    })
    try {
      return await Promise.race([job.result, givenUp])
    } finally {
      over.abort()
      if (onProgress) job.listeners.delete(onProgress)
      await leave(key, job)
    }
  }
}

function start<Result>(work: Work<Result>): Job<Result> {
  const abort = new AbortController()
  const listeners = new Set<OnProgress>()
  const result = work(abort.signal, (bytes, total) => {
    for (const listener of listeners) listener(bytes, total)
  })
  return { result, abort, listeners, waiters: 0 }
}
