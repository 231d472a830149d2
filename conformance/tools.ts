import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceError } from '../src/client/service-error.ts'
import { type ClientOptions, type Clients, clientsOf, type Wire } from './clients.ts'
import { type Journal, noJournal } from './journal.ts'
import { createLeftovers, type Leftovers } from './leftovers.ts'
import { markedClient } from './marked.ts'
import { until } from './patience.ts'
import { assertRefused, type ByFidelity, chosen, type Refusals } from './refusal.ts'
import type { Account, Target } from './target.ts'

/** What a case works with. */
export interface Tools {
  readonly target: Target
  /** As the administrator's account. */
  readonly administrator: Clients
  /** As the second, ordinary account. Throws for a case that does not need `two-accounts`. */
  readonly user: Clients
  /** As any account, such as one that the case has made, or in another way. */
  clients(account: Account, options?: Pick<ClientOptions, 'region' | 'hosts'>): Clients
  /** For presigned URLs: Node's own, on the record of the case. */
  readonly fetch: typeof fetch
  /** A new folder on this machine; it is removed after the case. */
  folder(): Promise<string>
  /** A name for something that the case makes: fit for buckets, images and key pairs, new each time. */
  name(word: string): string
  /** Registers what removes something that the case has made. */
  later(label: string, remove: () => Promise<unknown>): void
  /** Waits for something that the cloud does in its own time; `seconds` on an idle machine, 60 if not given. */
  until<Seen>(what: string, look: () => Promise<Seen>, isGood: (seen: Seen) => boolean, seconds?: number): Promise<Seen>
  /** Asserts that an attempt is refused with this fault, or with that of the target's fidelity; of several, with one. */
  refuses(attempt: Promise<unknown>, expected: Refusals | ByFidelity<Refusals>): Promise<ServiceError>
  /** The value for the target's fidelity. */
  of<Value>(values: ByFidelity<Value>): Value
}

/** What every name begins with that the suite makes, so that leftovers can be found. */
const namePrefix = 'conformance'

/** The id of a run, in the names of all that it makes. */
export const newRunId = (): string => randomBytes(4).toString('hex')

/** What watches over the tools of a case. */
export interface ToolOptions {
  /** Carries, and may record, what the case's clients send. */
  readonly wire?: Wire
  /** Where intents are written down. */
  readonly journal?: Journal
}

/** What the name of everything of a run begins with. */
export const prefixOf = (runId: string): string => `${namePrefix}-${runId}-`

/** What the names of folders on this machine begin with. */
export const folderPrefix = 'euca-emu-conformance-'

/** The tools of one case, and what clears up after it: gives a line for each thing that could not be removed. */
export function openTools(
  target: Target,
  runId: string,
  { wire, journal = noJournal }: ToolOptions = {},
): { tools: Tools } & Pick<Leftovers, 'clear' | 'giveUp'> {
  const { later, clear, giveUp } = createLeftovers((removed) => journal.write({ removed }))
  let user: Clients | undefined
  let names = 0
  const unique = randomBytes(3).toString('hex')
  const newMark = (word: string) => {
    names += 1
    return `${prefixOf(runId)}${unique}${names}-${word}`
  }
  const { fidelity } = target
  const clients: Tools['clients'] = (account, options) => {
    const plain = clientsOf(target, account, { ...options, ...(wire && { wire }) })
    return { ...plain, ec2: markedClient(plain.ec2, { fidelity, journal, newMark }) }
  }
  const tools: Tools = {
    target,
    clients,
    fetch: wire?.fetch ?? fetch,
    administrator: clients(target.administrator),
    get user() {
      if (!target.user) throw new Error(`the target ${target.name} has no second account: the case needs two-accounts`)
      user ??= clients(target.user)
      return user
    },
    async folder() {
      const folder = await mkdtemp(join(tmpdir(), folderPrefix))
      journal.write({ folder })
      later(`folder ${folder}`, () => rm(folder, { recursive: true, force: true }))
      return folder
    },
    name: (word) => {
      const name = newMark(word)
      journal.write({ name })
      return name
    },
    later,
    until: (what, look, isGood, seconds = 60) => until(what, look, isGood, { seconds, timeScale: target.timeScale }),
    refuses: (attempt, expected) => assertRefused(attempt, chosen(expected, target.fidelity)),
    of: (values) => values[target.fidelity],
  }
  return { tools, clear, giveUp }
}
