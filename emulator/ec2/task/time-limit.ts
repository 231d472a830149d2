import type { Cloud } from '../../cloud.ts'
import { ImportRefused } from './import-manifest.ts'

/** Runs work under a signal that is aborted with `signal`, or after `milliseconds` with a refusal that says `late`. */
export async function withTimeLimit<Result>(
  { clock }: Pick<Cloud, 'clock'>,
  milliseconds: number,
  signal: AbortSignal,
  late: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const tooLong = new AbortController()
  const done = new AbortController()
  const timer = clock.sleep(milliseconds, done.signal).then(
    () => tooLong.abort(new ImportRefused(late)),
    () => undefined, // the work was done first
  )
  try {
    return await work(AbortSignal.any([signal, tooLong.signal]))
  } finally {
    done.abort()
    await timer
  }
}
