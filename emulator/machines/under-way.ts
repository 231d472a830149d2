import type { Host } from './host.ts'

/**
 * Runs a job of an instance, in its turn, that may be broken off: by the stop of the emulator, or by a user who stops or
 * ends the instance, whose job is next in turn. Its signal is aborted then.
 */
export async function breakable<Result>(
  { underWay }: Pick<Host, 'underWay'>,
  id: string,
  stopping: AbortSignal,
  job: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const unwanted = new AbortController()
  underWay.set(id, unwanted)
  try {
    return await job(AbortSignal.any([stopping, unwanted.signal]))
  } finally {
    underWay.delete(id)
  }
}
