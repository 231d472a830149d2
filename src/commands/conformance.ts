import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { Case } from '../../conformance/case.ts'
import { loadCases } from '../../conformance/cases.ts'
import { assertKnown, differences, readDifferences } from '../../conformance/differences.ts'
import { type Intents, type Journal, type JournalLine, openJournal, readJournal } from '../../conformance/journal.ts'
import type { Certificate } from '../../conformance/levels.ts'
import { openReporting, type Reporting, type ReportOptions } from '../../conformance/reports/reporting.ts'
import { type Report, runCases } from '../../conformance/run.ts'
import { estimateOf, listText, objection, selected } from '../../conformance/select.ts'
import { printable } from '../../conformance/shortened.ts'
import { addressesOf, type Sweeping } from '../../conformance/sweep/sweep.ts'
import type { Target } from '../../conformance/target.ts'
import { newRunId } from '../../conformance/tools.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { ownEmulator } from './conformance-emulator.ts'
import { type Place, type PlaceOptions, placeOf } from './conformance-place.ts'
import { journalFolder, sweepAway } from './conformance-sweep.ts'
import { CommandFailed } from './data-folder.ts'
import { programName } from './program-name.ts'

/** What `conformance` is told. */
export interface ConformanceOptions extends PlaceOptions, ReportOptions {
  readonly only?: string
  readonly level?: 'smoke' | 'all'
  readonly certify?: Certificate
  /** `true`: any. */
  readonly seed?: number | true
  readonly parallel: number
  readonly boots: number
  readonly differences?: string
  readonly list?: boolean
  readonly budget?: number
  readonly iOwnThisAccount?: boolean
}

/** Runs the cases that are named, or lists them. Resolves with whether none failed and all had their turn. */
export async function conformance(
  names: readonly string[],
  options: ConformanceOptions,
  settings: () => Settings,
  signal: AbortSignal,
): Promise<boolean> {
  const place = await placeOf(options, settings)
  const fidelity = place?.fidelity ?? settings().fidelity
  const { level, certify, budget, iOwnThisAccount: owned = false } = options
  const only = [...names, ...(options.only ?? '').split(',').filter(Boolean)]
  if (options.only !== undefined && !only.length) throw new CommandFailed('--only names no case')
  const cases = selected(
    await loadCases(),
    { fidelity },
    { only, ...(level && { level }), ...(certify && { certify }) },
  )
  if (!cases.length) throw new CommandFailed('no case is all of what was asked for: that none failed would say nothing')
  if (options.list) {
    process.stdout.write(listText(cases))
    return true
  }
  const why = place && objection(place, estimateOf(cases), { owned, budget })
  if (why !== undefined) throw new CommandFailed(why)
  const ended = AbortSignal.any([signal, unread(process.stdout)])
  const report = await runAt(place, cases, options, settings, ended)
  ended.throwIfAborted()
  return report.failed === 0
}

/** A signal that is aborted when nobody reads a stream any more, as behind `| head`: a run is ended by that as by Ctrl-C. */
function unread(stream: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController()
  stream.on('error', (cause) => gone.abort(new CommandFailed(`nobody reads the output: ${cause.message}`, { cause })))
  return gone.signal
}

/** What is noted while nothing is known of the cloud yet: an emulator of the run's own goes with it. */
const ownPlace = { name: 'an emulator of its own', endpoint: '' }

/** Runs cases on a place, or on an emulator of the run's own, with a journal that stays when something is left behind. */
async function runAt(
  place: Place | undefined,
  cases: readonly Case[],
  options: ConformanceOptions,
  settings: () => Settings,
  signal: AbortSignal,
): Promise<Report> {
  const run = newRunId()
  const path = join(journalFolder(), `${run}.jsonl`)
  const { name, endpoint } = place ?? ownPlace
  const started = new Date().toISOString()
  const journal = openJournal(path, { run, target: name, endpoint, started, pid: process.pid })
  let isClean = true
  try {
    const { target, close } = place
      ? { target: await place.open(), close: async () => undefined }
      : await ownEmulator(settings(), options.capabilities, (folder) => journal.write({ folder }), console.log)
    try {
      if (place) journal.write(await beginOf(target))
      const onBegin = () => (isClean = false)
      const { report, finish } = await runOn(target, cases, options, { journal, run, signal, onBegin })
      const sweep = place && (await sweepAfter(target, report, readJournal(path)))
      isClean = !sweep?.left.length
      // It is written once before, too: a sweep may take long, and nobody has to wait for it.
      if (sweep) await finish({ ...report, sweep })
      return report
    } finally {
      await close()
      isClean ||= !place
    }
  } finally {
    journal.close(isClean)
    if (!isClean)
      console.error(`something may have been left behind: "${programName()} conformance sweep --run ${run}" removes it`)
  }
}

/**
 * Sweeps away what cases could not remove, and what may have been made by requests whose answers were lost; undefined when there
 * is nothing of either.
 */
async function sweepAfter(target: Target, { results }: Report, intents: Intents): Promise<Sweeping | undefined> {
  const { unanswered, lost } = intents
  if (!unanswered.length && !lost.length && results.every(({ leaked }) => !leaked.length)) return undefined
  // The counts of the report are the last that the output says.
  const say = console.error
  say('looking for what may have been left behind')
  try {
    return await sweepAway(target, { run: intents.head.run, intents }, say)
  } catch (error) {
    const why = `what is left behind cannot be found: ${error instanceof Error ? error.message : String(error)}`
    say(printable(why))
    return { removed: [], left: [why] }
  }
}

/** What the journal of a run on this target begins with: where it may leave something, and what was there before. */
async function beginOf(target: Target): Promise<JournalLine> {
  const { administrator, user, capabilities } = target
  const accounts = [administrator, ...(user ? [user] : [])].map(({ accountId }) => accountId)
  return { addresses: await addressesOf(target), accounts, capabilities }
}

async function runOn(
  target: Target,
  cases: readonly Case[],
  options: ConformanceOptions,
  { journal, run, signal, onBegin }: { journal: Journal; run: string; signal: AbortSignal; onBegin: () => void },
): Promise<{ report: Report } & Pick<Reporting, 'finish'>> {
  const { certify, parallel, boots, seed: asked, differences: file } = options
  const known = file === undefined ? [] : await readDifferences(file, target.name)
  const all = await loadCases()
  assertKnown(
    [...differences, ...known],
    all.map(({ id }) => id),
  )
  const seed = asked === true ? randomInt(2 ** 31) : asked
  const evidenceFile = join('conformance', 'evidence.json')
  const desk = { screen: process.stdout, suite: version, evidenceFile }
  const reporting = await openReporting(cases, target, options, desk)
  const order = seed === undefined ? '' : `, in the random order of --seed ${seed}`
  reporting.events.report?.(`run ${run}: ${cases.length} cases on ${target.name}${order}`)
  onBegin()
  const report = await runCases(cases, target, {
    ...reporting.events,
    ...{ journal, signal, runId: run, lanes: { parallel, boots }, differences: [...differences, ...known] },
    isPart: cases.length < selected(all, target, { ...(certify && { certify }) }).length,
    ...(seed !== undefined && { seed }),
    ...(certify && { certify }),
  })
  await reporting.finish(report)
  return { report, finish: reporting.finish }
}
