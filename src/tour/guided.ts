import { ServiceError } from '../client/service-error.ts'
import { consoleOf, readableLines } from './console.ts'
import { runningInstances } from './instances.ts'
import { createProofs, ProofFailed, type Proofs } from './proofs.ts'
import type { Tour } from './tour.ts'

/** The last lines of the consoles of all guests that run, for whoever asks what went wrong. */
async function lastLines(tour: Pick<Tour, 'ec2'>): Promise<string[]> {
  const lines: string[] = []
  for (const id of await runningInstances(tour)) {
    const tail = readableLines(await consoleOf(tour, id)).slice(-15)
    lines.push(`the console of ${id} ends with`, ...tail.map((line) => `  ${line}`))
  }
  return lines
}

/** What a failure of the tour shows: what was expected, and the answer or the words that came instead. */
function whatWasSeen(error: unknown): string[] {
  if (error instanceof ProofFailed)
    return [error.message, 'seen:', ...error.seen.split('\n').map((line) => `  ${line}`)]
  if (error instanceof ServiceError) return [`the cloud answered ${error.status} ${error.code}: ${error.message}`]
  return [error instanceof Error && error.stack ? error.stack : String(error)]
}

/**
 * Walks a tour to its end or first failure and tells of it: a line for each step, what was seen when a proof fails, and
 * the table. Resolves with whether all was proven; never rejects for what fails on the way.
 */
export async function guided(tour: Tour, walk: (tour: Tour, proofs: Proofs) => Promise<void>): Promise<boolean> {
  const { say, signal } = tour
  const begun = performance.now()
  const proofs = createProofs(say)
  let failure: unknown
  try {
    await walk(tour, proofs)
  } catch (error) {
    failure = error
  }
  if (signal.aborted) return false
  if (failure !== undefined) {
    say('NOT PROVEN')
    for (const line of whatWasSeen(failure)) say(line)
    const tails = await lastLines(tour).catch((error) => [`the consoles cannot be read: ${(error as Error).message}`])
    for (const line of tails) say(line)
  }
  say('')
  for (const line of proofs.table()) say(line)
  const took = ((performance.now() - begun) / 1000).toFixed(0)
  say(failure === undefined ? `all of it proven in ${took} s` : `not all of it proven, after ${took} s`)
  return failure === undefined
}
