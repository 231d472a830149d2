import type { Case } from './case.ts'
import { type Difference, differences as knownDifferences } from './differences.ts'
import evidence from './evidence.json' with { type: 'json' }
import type { Target } from './target.ts'
import { newRunId, openTools } from './tools.ts'

/** What became of one case. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly level: Case['level']
  readonly verdict: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, or how it failed. */
  readonly reason?: string
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
  readonly results: readonly Result[]
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The cases that have never passed on anything but the emulator. */
  readonly unproven: readonly string[]
}

/** How to run. */
export interface RunOptions {
  /** Beginnings of the ids to run; all when left out. */
  readonly only?: readonly string[]
  /** Told of each line of the console report. */
  readonly report?: (line: string) => void
  readonly differences?: readonly Difference[]
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
  { runId = newRunId(), differences = knownDifferences }: { runId?: string; differences?: readonly Difference[] } = {},
): Promise<Result> {
  const { id, title, level } = one
  const base = { id, title, level, leaked: [] }
  const missing = lacking(one, target)
  if (missing.length) {
    return { ...base, verdict: 'skipped', reason: `the target does not declare ${missing.join(', ')}`, seconds: 0 }
  }
  const started = performance.now()
  const { tools, clear } = openTools(target, runId)
  const failure = await one.run(tools).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  const leaked = await clear()
  const known = differences.find((difference) => difference.target === target.name && difference.case === id)
  const seconds = (performance.now() - started) / 1000
  return { ...base, ...judged(failure, leaked, known), leaked, seconds }
}

function judged(
  failure: { error: unknown } | undefined,
  leaked: readonly string[],
  known: Difference | undefined,
): Pick<Result, 'verdict' | 'reason' | 'error'> {
  const failed = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    return { verdict: 'failed', reason, error } as const
  }
  if (failure && known) return { verdict: 'skipped', reason: `known difference: ${known.reason} (${known.link})` }
  if (failure) return failed(failure.error)
  if (leaked.length) return failed(new Error(`left behind: ${leaked.join('; ')}`))
  if (known) return failed(new Error(`this is listed as a known difference (${known.reason}), but it passes`))
  return { verdict: 'passed' }
}

function linesOf({ verdict, id, reason, leaked, seconds }: Result): string[] {
  const head = `${verdict.padEnd(7)} ${id} (${seconds.toFixed(1)} s)`
  if (verdict === 'passed') return [head]
  const leaks = leaked.map((leak) => `        left behind: ${leak}`)
  return [head, ...(reason ?? '').split('\n').map((line) => `        ${line}`), ...leaks]
}

/** The last line of every report: `N passed, N failed, N skipped`. */
export const closingLine = ({ passed, failed, skipped }: Pick<Report, 'passed' | 'failed' | 'skipped'>): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Runs cases one after the other. The report can be written as JSON; its lines are those of a plain console. */
export async function runCases(cases: readonly Case[], target: Target, options: RunOptions = {}): Promise<Report> {
  const { only, report = () => undefined, differences = knownDifferences } = options
  const runId = newRunId()
  const chosen = cases.filter(({ id }) => !only || only.some((beginning) => id.startsWith(beginning)))
  const started = new Date().toISOString()
  const results: Result[] = []
  for (const one of chosen) {
    const result = await runCase(one, target, { runId, differences })
    for (const line of linesOf(result)) report(line)
    results.push(result)
  }
  const count = (verdict: Result['verdict']) => results.filter((result) => result.verdict === verdict).length
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  const unproven = chosen.map(({ id }) => id).filter((id) => !Object.hasOwn(evidence, id))
  report(`${unproven.length} of ${chosen.length} cases unproven: they have passed on nothing but the emulator`)
  report(closingLine(counts))
  return { target: target.name, fidelity: target.fidelity, run: runId, started, results, ...counts, unproven }
}
