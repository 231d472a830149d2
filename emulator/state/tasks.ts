/** Owner of all background work: nothing runs that `stop` does not end and wait for. */
export interface Tasks {
  /** Starts a job. One that fails on its own is reported; it is expected to have noted the failure in its record. */
  start(name: string, run: (signal: AbortSignal) => Promise<void>): void
  /** Resolves when no job is under way. */
  idle(): Promise<void>
  /** Aborts all jobs and waits for them; later starts are ignored. */
  stop(): Promise<void>
}

/** Makes the owner of background work; `report` is told about a job that failed. */
export function createTasks(report: (name: string, error: unknown) => void): Tasks {
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  const idle = async () => {
    while (running.size) await Promise.all(running)
  }
  return {
    start(name, run) {
      if (stopping.signal.aborted) return
      const job: Promise<void> = Promise.resolve()
        .then(() => (stopping.signal.aborted ? undefined : run(stopping.signal)))
        .catch((error) => {
          if (!stopping.signal.aborted) report(name, error)
        })
        .finally(() => running.delete(job))
      running.add(job)
    },
    idle,
    async stop() {
      stopping.abort(new Error('the emulator is stopping'))
      await idle()
    },
  }
}
