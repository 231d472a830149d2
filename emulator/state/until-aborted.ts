/** What comes of `job`; rejects with the signal's reason when it is aborted first, and then the job goes on by itself. */
export async function untilAborted<Result>(job: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  let stop: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason)
  })
  // First, so that what an abort has been is not hidden by a job that is over as well.
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([aborted, job])
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
