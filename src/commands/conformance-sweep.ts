import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isCapability } from '../../conformance/case.ts'
import { EmptyJournal, type Intents, readJournal } from '../../conformance/journal.ts'
import { ConformanceRefused } from '../../conformance/refused.ts'
import { printable } from '../../conformance/shortened.ts'
import { removeFolders, type Sweeping, type Swept, sweep } from '../../conformance/sweep/sweep.ts'
import type { Target } from '../../conformance/target.ts'
import { defaultCache } from '../../fixtures/catalog.ts'
import type { Settings } from '../settings.ts'
import { type PlaceOptions, placeOf } from './conformance-place.ts'
import { CommandFailed } from './data-folder.ts'

/** What `conformance sweep` is told. */
export interface SweepOptions extends PlaceOptions {
  /** The id of one run; all that have left a journal when left out. */
  readonly run?: string
  readonly journal?: string
}

/** Where the journals of runs are kept until they have ended well. */
export const journalFolder = (): string => join(defaultCache(), 'conformance')

/** A journal of a run that has not ended well. */
interface Found extends Swept {
  readonly path: string
  readonly intents: Intents
}

/** A journal that has no lines for so long is of a run that was killed, and not of one that begins. */
const youth = 60_000

/** The journals of a folder, the damaged ones by why they cannot be read. */
async function journals(folder: string): Promise<{ kept: Found[]; damaged: string[] }> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const [kept, damaged]: [Found[], string[]] = [[], []]
  for (const path of names.filter((name) => name.endsWith('.jsonl')).map((name) => join(folder, name))) {
    try {
      kept.push(found(path))
    } catch (error) {
      if (!(error instanceof ConformanceRefused)) throw error
      const isOld = Date.now() - (await stat(path)).mtimeMs > youth
      // It has made nothing, so nothing is left of it but this.
      if (error instanceof EmptyJournal && isOld) await rm(path)
      else damaged.push(error.message)
    }
  }
  return { kept: kept.sort((one, other) => (one.path < other.path ? -1 : 1)), damaged }
}

function found(path: string): Found {
  const intents = readJournal(path)
  return { path, run: intents.head.run, intents }
}

/** A run whose leavings are looked for: of one that is named by its id there may be no journal. */
type Leavings = Swept & Partial<Found>

/** Whether the process of a runner is still there: what it has made is no leftover yet. */
function isRunning({ intents }: Found): boolean {
  try {
    process.kill(intents.head.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The runs that the options name, or all that are over and have left a journal; and which others have one. */
async function chosen({
  run,
  journal,
}: SweepOptions): Promise<{ runs: Leavings[]; running: Found[]; damaged: string[] }> {
  const none = { running: [], damaged: [] }
  if (journal !== undefined) {
    const one = found(resolve(journal))
    if (run !== undefined && run !== one.run) throw new CommandFailed(`${journal} is of the run ${one.run}, not ${run}`)
    return { runs: [one], ...none }
  }
  const { kept, damaged } = await journals(journalFolder())
  if (run !== undefined) return { runs: [kept.find((one) => one.run === run) ?? { run }], ...none }
  const running = kept.filter(isRunning)
  return { runs: kept.filter((one) => !running.includes(one)), running, damaged }
}

/** An emulator of the run's own has gone with it; its folders are all that is left. */
const wentWithIt = ({ intents }: Swept): boolean => intents?.head.endpoint === ''

/** Why a target is not the place to sweep a run; undefined when it is. */
function elsewhere({ run, intents }: Leavings, target: Target | undefined): string | undefined {
  const head = intents?.head
  if (!target || (head && head.endpoint !== target.endpoints.ec2)) {
    const where = head ? `${head.target} (${head.endpoint})` : 'a cloud'
    return `run ${run} was on ${where}: name it by --target, --eucarc or --aws-profile`
  }
  const accounts = [target.administrator, target.user].map((account) => account?.accountId)
  const strange = intents?.scope?.accounts.filter((account) => !accounts.includes(account)) ?? []
  if (strange.length) return `run ${run} was on the account ${strange.join(' and ')}, too: name a target with its keys`
  const lacksIam = intents?.scope?.capabilities.includes('iam') && target.endpoints.iam === undefined
  return lacksIam ? `run ${run} may have made roles: name a target with endpoints.iam` : undefined
}

/** The target with all that the run could make things of, also where less is declared now. */
function inScope(target: Target, intents: Intents | undefined): Target {
  const words = (intents?.scope?.capabilities ?? []).filter(isCapability)
  return { ...target, capabilities: [...new Set([...target.capabilities, ...words])] }
}

/** Removes what is on a cloud of a run, and says so. */
export async function sweepAway(
  target: Target,
  one: Swept,
  say: (line: string) => void = console.log,
): Promise<Sweeping> {
  const { removed, left } = await sweep(inScope(target, one.intents), one)
  for (const thing of removed) say(`removed ${thing}`)
  // Why it is left is what the cloud says.
  for (const thing of left) say(`left    ${printable(thing)}`)
  say(`run ${one.run}: ${removed.length} removed, ${left.length} left`)
  return { removed, left }
}

/** Removes what a run has left; gives whether nothing of it is left any more. */
async function sweepRun(one: Leavings, target: Target | undefined): Promise<boolean> {
  const { run, intents, path } = one
  if (intents) await removeFolders(intents)
  if (!wentWithIt(one)) {
    const why = elsewhere(one, target)
    if (!target || why !== undefined) {
      console.log(why)
      return false
    }
    if ((await sweepAway(target, one)).left.length) return false
  } else console.log(`run ${run}: its emulator has gone with it, and now its folders`)
  if (intents?.damaged) {
    console.log(`run ${run}: ${intents.damaged} lines of its journal cannot be read: ${path} stays`)
    return false
  }
  if (path !== undefined) await rm(path)
  return true
}

/**
 * Removes what killed runs have left on a cloud, and on this machine, and then their journals. Resolves with whether nothing
 * is left. A run without a journal, such as one of another machine, is swept by its id: it is in all names and tags.
 */
export async function sweepRuns(options: SweepOptions, settings: () => Settings): Promise<boolean> {
  if (options.run !== undefined && !/^[0-9a-f]{8}$/.test(options.run)) {
    throw new CommandFailed(`"${options.run}" is no id of a run: it is eight hexadecimal digits`)
  }
  const { runs, running, damaged } = await chosen(options)
  for (const { run, intents } of running) console.log(`run ${run} is under way: process ${intents.head.pid}`)
  for (const why of damaged) console.log(why)
  if (runs.length + running.length + damaged.length === 0) console.log('no run has left a journal behind')
  const target = runs.every(wentWithIt) ? undefined : await (await placeOf(options, settings))?.open()
  let isClean = damaged.length === 0
  for (const one of runs) if (!(await sweepRun(one, target))) isClean = false
  return isClean
}
