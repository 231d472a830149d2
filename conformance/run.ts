import type { Case } from './case.ts'
import { network, type Wire } from './clients.ts'
import { type Difference, differences as knownDifferences } from './differences.ts'
import evidence from './evidence.json' with { type: 'json' }
import type { Journal } from './journal.ts'
import { type Certificate, edition } from './levels.ts'
import { GivenUp, type Line, limited, limitOf, requestLimitOf, within } from './limits.ts'
import { linesOf } from './reports/lines.ts'
import { inLanes, type Lanes, shuffled } from './schedule.ts'
import { type Selection, selected } from './select.ts'
import { shortened } from './shortened.ts'
import type { Sweeping } from './sweep/sweep.ts'
import type { Target } from './target.ts'
import { newRunId, openTools, type Tools } from './tools.ts'

/** What became of one case. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly level: Case['level']
  /** What the expectation rests on. */
  readonly source: string
  readonly verdict: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or how it failed. */
  readonly reason?: string
  /** What was asked last before it failed, and what came; known when the case was watched. */
  readonly asked?: string
  readonly came?: string
  /** The first error of a failed case. */
  readonly error?: unknown
  /** What the case has made and could not remove, a line each. */
  readonly leaked: readonly string[]
  readonly seconds: number
}

/** What became of a run. */
export interface Report {
  readonly target: string
  readonly fidelity: Target['fidelity']
  readonly run: string
  readonly started: string
  /** The seed of a random order. */
  readonly seed?: number
  /** The certificate of which all cases were asked for: its level and the edition of its rules. */
  readonly certificate?: string
  /** The run was ended before all cases had their turn. */
  readonly interrupted?: true
  readonly results: readonly Result[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The cases that have never passed on anything but the emulator. */
  readonly unproven: readonly string[]
  /** What was done after the cases about what they may have left behind; only where they may. */
  readonly sweep?: Sweeping
}

/** Watches one case. */
export interface Watcher {
  /** Carries, and records, what the case's clients send. */
  readonly wire?: Wire
  /**
   * Called when the case has ended and before it is cleared up after. What it gives is added to the result. It must not
   * throw: the case's own error comes first.
   */
  finish?(tools: Tools, failure: { readonly error: unknown } | undefined): Promise<Partial<Result>>
}

/** What a run tells while it goes on. */
export interface RunEvents {
  readonly onStart?: (one: Case) => void
  readonly onResult?: (result: Result, one: Case) => void
  /** Called for each case before it starts. */
  readonly watch?: (one: Case) => Watcher
}

/** How to run. */
export interface RunOptions extends RunEvents, Selection {
  /** The run's id, in the names of all that it makes; a new one when left out. */
  readonly runId?: string
  /** Where intents are written down. */
  readonly journal?: Journal
  /** For a random order: the same seed gives the same. */
  readonly seed?: number
  /** One after the other when left out. */
  readonly lanes?: Lanes
  /** Once aborted no further case is begun; those under way clear up after themselves. */
  readonly signal?: AbortSignal
  /** Told of each line of the console report. */
  readonly report?: (line: string) => void
  readonly differences?: readonly Difference[]
  /** Some of the cases were left out before: a certificate says nothing of a part. */
  readonly isPart?: boolean
}

/** The capabilities that a case needs and the target does not declare. */
export const lacking = (one: Case, target: Pick<Target, 'capabilities'>): string[] =>
  one.needs.filter((capability) => !target.capabilities.includes(capability))

/**
 * Runs one case and clears up after it. It is skipped for a capability that the target does not declare and for nothing
 * else. A case that leaves something behind has failed; the error of the case itself comes first.
 */
export async function runCase(
  one: Case,
  target: Target,
  options: Pick<RunOptions, 'differences' | 'watch' | 'journal' | 'runId' | 'certify'> = {},
): Promise<Result> {
  const { runId = newRunId(), differences = knownDifferences, watch, journal, certify } = options
  const { id, title, level, source } = one
  const base = { id, title, level, source, leaked: [] }
  const missing = lacking(one, target)
  if (missing.length) {
    const reason = `the target does not declare ${missing.join(', ')}`
    return { ...base, ...skipped(reason, certify), seconds: 0 }
  }
  const started = performance.now()
  const watcher = watch?.(one)
  const onLost = (lost: string) => journal?.write({ lost })
  const line = limited(watcher?.wire ?? network, { seconds: requestLimitOf(target), onLost })
  const { tools, clear, giveUp } = openTools(target, runId, { wire: line.wire, ...(journal && { journal }) })
  const ended = one.run(tools).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const limit = limitOf(one, target)
  const failure = await within(limit, 'the case', ended, (error) => ({ error }))
  if (failure?.error instanceof GivenUp) await brokenOff(line, ended)
  const seen = watcher?.finish && (await within(limit, 'the last look', watcher.finish(tools, failure), () => ({})))
  const left = await within(limit, 'the clean-up', clear(), ({ message }) => giveUp(message))
  const leaked = left.slice(0, longestLeaks).map(shortened)
  line.shut()
  const known = differences.find((difference) => difference.target === target.name && difference.case === id)
  const seconds = (performance.now() - started) / 1000
  return { ...base, ...seen, ...judged(failure, leaked, known, certify), leaked, seconds }
}

/** Seconds in which a case ends whose requests are broken off, unless it waits for something else. */
const grace = 10

/** Has a case that was given up come to its end, so that it makes nothing more while it is cleared up after. */
async function brokenOff(line: Line, ended: Promise<unknown>): Promise<void> {
  line.shut()
  await within<unknown>(grace, 'the case', ended, () => undefined)
  line.open()
}

/** Nobody reads more lines of what was left behind; the journal has them all. */
const longestLeaks = 100

const failed = (error: unknown) => {
  const reason = shortened(error instanceof Error ? error.message : String(error))
  return { verdict: 'failed', reason, error } as const
}

/** A certificate says that all of it was seen: there what would be skipped has failed. */
function skipped(reason: string, certify: Certificate | undefined) {
  if (certify === undefined) return { verdict: 'skipped', reason } as const
  return failed(new Error(`the certificate "${certify}" lets nothing be skipped: ${reason}`))
}

function judged(
  failure: { error: unknown } | undefined,
  leaked: readonly string[],
  known: Difference | undefined,
  certify: Certificate | undefined,
): Pick<Result, 'verdict' | 'reason' | 'error'> {
  if (failure && known && !leaked.length) return skipped(`known difference: ${known.reason} (${known.link})`, certify)
  if (failure) return failed(failure.error)
  if (leaked.length) return failed(new Error(`left behind: ${leaked.join('; ')}`))
  if (known) return failed(new Error(`this is listed as a known difference (${known.reason}), but it passes`))
  return { verdict: 'passed' }
}

/** The last line of every report: `N passed, N failed, N skipped`. */
export const closingLine = ({ passed, failed, skipped }: Pick<Report, 'passed' | 'failed' | 'skipped'>): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Runs the selected cases. The report can be written as JSON; its lines are those of a plain console. */
export async function runCases(cases: readonly Case[], target: Target, options: RunOptions = {}): Promise<Report> {
  const { runId = newRunId(), onStart, onResult, report = () => undefined, lanes, seed, certify, signal } = options
  const chosen = selected(cases, target, options)
  const started = new Date().toISOString()
  const results = new Map<string, Result>()
  const work = async (one: Case) => {
    onStart?.(one)
    const result = await runCase(one, target, { ...options, runId })
    results.set(one.id, result)
    onResult?.(result, one)
    for (const line of linesOf(result)) report(line)
  }
  const order = seed === undefined ? chosen : shuffled(chosen, seed)
  if (lanes) await inLanes(order, lanes, work, signal)
  else for (const one of order) if (!signal?.aborted) await work(one)
  const all = chosen.flatMap(({ id }) => results.get(id) ?? [])
  const count = (verdict: Result['verdict']) => all.filter((result) => result.verdict === verdict).length
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  const unproven = chosen.map(({ id }) => id).filter((id) => !Object.hasOwn(evidence, id))
  report(`${unproven.length} of ${chosen.length} cases unproven: they have passed on nothing but the emulator`)
  const interrupted = all.length < chosen.length
  if (interrupted) report(`interrupted: ${chosen.length - all.length} cases had no turn`)
  // It is of all its cases, or none.
  const isWhole = !interrupted && !options.isPart && !options.only?.length && options.level !== 'smoke'
  if (certify && !isWhole) report(`these were not all cases of ${certify}: the report names no certificate`)
  report(closingLine(counts))
  return {
    ...{ target: target.name, fidelity: target.fidelity, run: runId, started },
    ...(seed !== undefined && { seed }),
    ...(certify && isWhole && { certificate: `${certify} ${edition}` }),
    ...(interrupted && { interrupted }),
    ...{ results: all, ...counts, unproven },
  }
}
