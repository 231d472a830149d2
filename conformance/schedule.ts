import { createHash } from 'node:crypto'
import type { Case } from './case.ts'

/** How many cases run side by side. */
export interface Lanes {
  /** Of those that boot nothing. */
  readonly parallel: number
  /** Of those that boot guests, beside them. */
  readonly boots: number
}

/** Whether a case boots a guest: that keeps a core busy. */
export const boots = ({ needs }: Pick<Case, 'needs'>): boolean => needs.some((word) => word.startsWith('boots-'))

/** The same cases in a random order, which the seed decides: that of the hashes of their ids. */
export function shuffled<One extends Pick<Case, 'id'>>(cases: readonly One[], seed: number): One[] {
  const hashed = cases.map((one) => ({ one, hash: createHash('sha256').update(`${seed} ${one.id}`).digest('hex') }))
  return hashed.sort((left, right) => (left.hash < right.hash ? -1 : 1)).map(({ one }) => one)
}

/**
 * Works on all cases, as many side by side as the lanes allow, each kind in order. Once the signal is aborted no further one
 * is begun. Rejects with the first error of `work`, when all that was begun has ended.
 */
export async function inLanes(
  cases: readonly Case[],
  { parallel, boots: guests }: Lanes,
  work: (one: Case) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const lane = async (queue: Case[]) => {
    for (let one = queue.shift(); one && !signal?.aborted; one = queue.shift()) await work(one)
  }
  const kinds = [
    { queue: cases.filter(boots), lanes: guests },
    { queue: cases.filter((one) => !boots(one)), lanes: parallel },
  ]
  const all = kinds.flatMap(({ queue, lanes }) => Array.from({ length: lanes }, () => lane(queue)))
  const ended = await Promise.allSettled(all)
  const failed = ended.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}
