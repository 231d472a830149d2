import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import type { Case } from '../../conformance/case.ts'
import { loadCases } from '../../conformance/cases.ts'
import { differences, readDifferences } from '../../conformance/differences.ts'
import { type Journal, openJournal } from '../../conformance/journal.ts'
import type { Certificate } from '../../conformance/levels.ts'
import { openReporting, type ReportOptions } from '../../conformance/reports/reporting.ts'
import { type Report, runCases } from '../../conformance/run.ts'
import { estimateOf, listText, objection, selected } from '../../conformance/select.ts'
import { addressesOf } from '../../conformance/sweep/sweep.ts'
import type { Target } from '../../conformance/target.ts'
import { newRunId } from '../../conformance/tools.ts'
import { defaultCache } from '../../fixtures/catalog.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { ownEmulator } from './conformance-emulator.ts'
import { type Place, type PlaceOptions, placeOf } from './conformance-place.ts'
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

/** Where the journals of runs are kept until they have ended well. */
export const journalFolder = (): string => join(defaultCache(), 'conformance')

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
  const cases = selected(
    await loadCases(),
    { fidelity },
    { only, ...(level && { level }), ...(certify && { certify }) },
  )
  if (options.list) {
    process.stdout.write(listText(cases))
    return true
  }
  const why = place && objection(place, estimateOf(cases), { owned, budget })
  if (why !== undefined) throw new CommandFailed(why)
  const report = await runAt(place, cases, options, settings, signal)
  signal.throwIfAborted()
  return report.failed === 0
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
      : await ownEmulator(settings(), (folder) => journal.write({ folder }), console.log)
    try {
      if (place) journal.write({ addresses: await addressesOf(target) })
      const onBegin = () => (isClean = false)
      const report = await runOn(target, cases, options, { journal, run, signal, onBegin })
      isClean = report.results.every(({ leaked }) => leaked.length === 0)
      return report
    } finally {
      await close()
      isClean ||= !place
    }
  } finally {
    journal.close(isClean)
    if (!isClean)
      console.error(`something was left behind: "${programName()} conformance sweep --run ${run}" removes it`)
  }
}

async function runOn(
  target: Target,
  cases: readonly Case[],
  options: ConformanceOptions,
  { journal, run, signal, onBegin }: { journal: Journal; run: string; signal: AbortSignal; onBegin: () => void },
): Promise<Report> {
  const { certify, parallel, boots, seed: asked, differences: file } = options
  const known = file === undefined ? [] : await readDifferences(file, target.name)
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
    ...(seed !== undefined && { seed }),
    ...(certify && { certify }),
  })
  await reporting.finish(report)
  return report
}
