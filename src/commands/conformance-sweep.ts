import { readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Intents, readJournal } from '../../conformance/journal.ts'
import { removeFolders, type Swept, sweep } from '../../conformance/sweep/sweep.ts'
import type { Target } from '../../conformance/target.ts'
import type { Settings } from '../settings.ts'
import { journalFolder } from './conformance.ts'
import { type PlaceOptions, placeOf } from './conformance-place.ts'
import { CommandFailed } from './data-folder.ts'

/** What `conformance sweep` is told. */
export interface SweepOptions extends PlaceOptions {
  /** The id of one run; all that have left a journal when left out. */
  readonly run?: string
  readonly journal?: string
}

/** A journal of a run that has not ended well. */
interface Found extends Swept {
  readonly path: string
  readonly intents: Intents
}

async function journals(folder: string): Promise<Found[]> {
  const names = await readdir(folder).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => found(join(folder, name)))
}

function found(path: string): Found {
  const intents = readJournal(path)
  return { path, run: intents.head.run, intents }
}

/** Whether the process of a runner is still there: what it has made is no leftover yet. */
function isRunning({ intents }: Found): boolean {
  try {
    process.kill(intents.head.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The runs that the options name, or all that are over and have left a journal. */
async function chosen({ run, journal }: SweepOptions): Promise<(Swept & Partial<Found>)[]> {
  if (journal !== undefined) {
    const one = found(resolve(journal))
    if (run !== undefined && run !== one.run) throw new CommandFailed(`${journal} is of the run ${one.run}, not ${run}`)
    return [one]
  }
  const kept = await journals(journalFolder())
  if (run === undefined) return kept.filter((one) => !isRunning(one))
  return [kept.find((one) => one.run === run) ?? { run }]
}

/** What a run was on: undefined where only its id is known, then it is the cloud that the options name. */
const placeOfRun = ({ intents }: Swept): Intents['head'] | undefined => intents?.head

/** An emulator of the run's own has gone with it; its folders are all that is left. */
const wentWithIt = (one: Swept): boolean => placeOfRun(one)?.endpoint === ''

/** Removes what a run has left; gives whether nothing of it is left any more. */
async function sweepRun(one: Swept & Partial<Found>, target: Target | undefined): Promise<boolean> {
  const { run, intents, path } = one
  const head = placeOfRun(one)
  if (intents) await removeFolders(intents)
  if (!wentWithIt(one)) {
    if (!target || (head && head.endpoint !== target.endpoints.ec2)) {
      const where = head ? `${head.target} (${head.endpoint})` : 'a cloud'
      console.log(`run ${run} was on ${where}: name it by --target, --eucarc or --aws-profile`)
      return false
    }
    const { removed, left } = await sweep(target, one)
    for (const thing of removed) console.log(`removed ${thing}`)
    for (const thing of left) console.log(`left    ${thing}`)
    console.log(`run ${run}: ${removed.length} removed, ${left.length} left`)
    if (left.length) return false
  } else console.log(`run ${run}: its emulator has gone with it, and now its folders`)
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
  const runs = await chosen(options)
  if (runs.length === 0) console.log('no run has left a journal behind')
  const target = runs.every(wentWithIt) ? undefined : await (await placeOf(options, settings))?.open()
  let isClean = true
  for (const one of runs) if (!(await sweepRun(one, target))) isClean = false
  return isClean
}
