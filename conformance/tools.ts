import { randomBytes } from 'node:crypto'
import type { ServiceError } from '../src/client/service-error.ts'
import { type Clients, clientsOf } from './clients.ts'
import { createLeftovers } from './leftovers.ts'
import { until } from './patience.ts'
import { assertRefused, type ByFidelity, chosen, type Refusal } from './refusal.ts'
import type { Target } from './target.ts'

/** What a case works with. */
export interface Tools {
  readonly target: Target
  /** As the administrator's account. */
  readonly administrator: Clients
  /** As the second, ordinary account. Throws for a case that does not need `two-accounts`. */
  readonly user: Clients
  /** A name for something that the case makes: fit for buckets, images and key pairs, new each time. */
  name(word: string): string
  /** Registers what removes something that the case has made. */
  later(label: string, remove: () => Promise<unknown>): void
  /** Waits for something that the cloud does in its own time; `seconds` on an idle machine, 60 if not given. */
  until<Seen>(what: string, look: () => Promise<Seen>, isGood: (seen: Seen) => boolean, seconds?: number): Promise<Seen>
  /** Asserts that an attempt is refused with this fault, or with that of the target's fidelity. */
  refuses(attempt: Promise<unknown>, expected: Refusal | ByFidelity<Refusal>): Promise<ServiceError>
  /** The value for the target's fidelity. */
  of<Value>(values: ByFidelity<Value>): Value
}

/** What every name begins with that the suite makes, so that leftovers can be found. */
export const namePrefix = 'conformance'

/** The id of a run, in the names of all that it makes. */
export const newRunId = (): string => randomBytes(4).toString('hex')

/** The tools of one case, and what clears up after it: gives a line for each thing that could not be removed. */
export function openTools(target: Target, runId: string): { tools: Tools; clear: () => Promise<string[]> } {
  const { later, clear } = createLeftovers()
  let user: Clients | undefined
  let names = 0
  const unique = randomBytes(3).toString('hex')
  const tools: Tools = {
    target,
    administrator: clientsOf(target, target.administrator),
    get user() {
      if (!target.user) throw new Error(`the target ${target.name} has no second account: the case needs two-accounts`)
      user ??= clientsOf(target, target.user)
      return user
    },
    name: (word) => {
      names += 1
      return `${namePrefix}-${runId}-${unique}${names}-${word}`
    },
    later,
    until: (what, look, isGood, seconds = 60) => until(what, look, isGood, { seconds, timeScale: target.timeScale }),
    refuses: (attempt, expected) => assertRefused(attempt, chosen(expected, target.fidelity)),
    of: (values) => values[target.fidelity],
  }
  return { tools, clear }
}
