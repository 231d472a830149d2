import type { Case } from '../case.ts'
import { ConformanceRefused, jsonOf } from '../refused.ts'
import type { Report, Result } from '../run.ts'
import { shortened } from '../shortened.ts'
import type { Sweeping } from '../sweep/sweep.ts'
import type { ConsoleText } from './consoles.ts'
import type { Evidence, Proof } from './evidence.ts'
import type { Transcript } from './exchange.ts'
import type { Witness } from './witness.ts'

/** The version of the report's form: another number when a reader of this one would misread it. */
export const schema = 'euca-emu-conformance/1'

/** One case of a report. */
export interface CaseRecord {
  readonly id: string
  readonly area: string
  readonly title: string
  readonly level: Case['level']
  readonly verdict: Result['verdict']
  /** Why it was skipped, or how it failed. */
  readonly reason?: string
  readonly source: string
  readonly needs: readonly string[]
  readonly covers: readonly string[]
  readonly seconds: number
  readonly leaked: readonly string[]
  /** Where it has passed before, or does now when the run is recorded. */
  readonly evidence: readonly Proof[]
  readonly asked?: string
  readonly came?: string
  readonly transcript?: Transcript
  readonly consoles?: readonly ConsoleText[]
}

/** A report as it is written: `report.schema.json` describes it. */
export interface ReportDocument {
  readonly schema: typeof schema
  /** The version of the suite. */
  readonly suite: string
  readonly target: string
  readonly fidelity: Report['fidelity']
  readonly run: string
  /** ISO 8601, in UTC. */
  readonly started: string
  /** Of the whole run. */
  readonly seconds: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The cases that have passed on nothing but the emulator. */
  readonly unproven: readonly string[]
  /** The seed of a random order, which `--seed` repeats. */
  readonly seed?: number
  /** The certificate of which all cases were asked for: its level and the edition of its rules. */
  readonly certificate?: string
  /** The run was ended before all cases had their turn. */
  readonly interrupted?: true
  /** What was done after the cases about what they may have left behind; only where they may. */
  readonly sweep?: Sweeping
  /** In the order of their files. */
  readonly cases: readonly CaseRecord[]
}

/** What a report is made of, besides what the run gives. */
export interface Background {
  readonly cases: readonly Case[]
  readonly evidence: Evidence
  readonly witness: Witness
  readonly suite: string
  readonly seconds: number
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000

function recordOf(result: Result, { cases, evidence, witness }: Background): CaseRecord {
  const { id, title, level, verdict, reason, source, seconds, leaked, asked, came } = result
  const { needs = [], covers = [] } = cases.find((one) => one.id === id) ?? {}
  const sighting = witness.sightingOf(id)
  return {
    id,
    area: id.replace(/\/.*/, ''),
    title,
    level,
    verdict,
    ...(reason !== undefined && { reason: witness.safe(reason) }),
    source,
    needs,
    covers,
    seconds: rounded(seconds),
    leaked: leaked.map(witness.safe),
    evidence: evidence[id] ?? [],
    ...(asked !== undefined && { asked }),
    ...(came !== undefined && { came }),
    ...(sighting && { transcript: sighting.transcript }),
    ...(sighting?.consoles.length && { consoles: sighting.consoles }),
  }
}

/** Nobody reads more lines of what a sweep has found; the terminal has them all. */
const longestSweep = 100

function sweepOf({ removed, left }: Sweeping, { safe }: Witness): Sweeping {
  const shown = (all: readonly string[]) => {
    const more = all.length > longestSweep ? [`and ${all.length - longestSweep} more`] : []
    return [...all.slice(0, longestSweep).map((line) => shortened(safe(line))), ...more]
  }
  return { removed: shown(removed), left: shown(left) }
}

/** The report of a run, without secrets. */
export function documentOf(report: Report, background: Background): ReportDocument {
  const { target, fidelity, run, started, passed, failed, skipped, results } = report
  const cases = results.map((result) => recordOf(result, background))
  const unproven = cases.filter(({ evidence }) => evidence.length === 0).map(({ id }) => id)
  const { suite, seconds, witness } = background
  const { seed, certificate, interrupted, sweep } = report
  const more = {
    ...(seed !== undefined && { seed }),
    ...(certificate !== undefined && { certificate }),
    ...(interrupted && { interrupted }),
    ...(sweep && { sweep: sweepOf(sweep, witness) }),
  }
  const counts = { passed, failed, skipped }
  return {
    schema,
    suite,
    target,
    fidelity,
    run,
    started,
    seconds: rounded(seconds),
    ...counts,
    ...more,
    unproven,
    cases,
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** Whether a comparison can be made with it. */
const isCase = (one: Partial<CaseRecord> | null): boolean =>
  isText(one?.id) &&
  ['passed', 'failed', 'skipped'].includes(String(one.verdict)) &&
  (one.reason === undefined || isText(one.reason))

/** Reads a written report. Throws an Error that says what is wrong with it. */
export function readDocument(text: string, name: string): ReportDocument {
  const document = (jsonOf(text, name) ?? {}) as Partial<ReportDocument>
  if (document.schema !== schema) throw new ConformanceRefused(`${name} is no report of the form ${schema}`)
  if (!isText(document.target) || !isText(document.started))
    throw new ConformanceRefused(`${name} is a damaged report: it does not tell of what and when`)
  const { passed, failed, skipped, cases } = document
  if (!Array.isArray(cases) || !cases.every(isCase))
    throw new ConformanceRefused(`${name} is a damaged report: its cases are no list of cases`)
  const counted = Object.entries({ passed, failed, skipped })
  const wrong = counted.find(([verdict, count]) => cases.filter((one) => one.verdict === verdict).length !== count)
  if (wrong) throw new ConformanceRefused(`${name} is a damaged report: it has not ${wrong[1]} ${wrong[0]} cases`)
  return document as ReportDocument
}
