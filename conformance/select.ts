import type { Case } from './case.ts'
import { type Certificate, isAskedFor } from './levels.ts'
import { ConformanceRefused } from './refused.ts'
import type { Target } from './target.ts'

/** Which cases to run. */
export interface Selection {
  /** Beginnings of ids; all when left out. */
  readonly only?: readonly string[]
  /** `smoke`: the few that tell most. */
  readonly level?: 'smoke' | 'all'
  readonly certify?: Certificate
}

/** What a run of cases is expected to take, on an idle machine. */
export interface Estimate {
  readonly seconds: number
  /** US cents. */
  readonly cents: number
}

/** The cases of a selection. Throws when a beginning fits none, or is none: a typing error would pass as a success. */
export function selected(
  cases: readonly Case[],
  { fidelity }: Pick<Target, 'fidelity'>,
  { only = [], level = 'all', certify }: Selection,
): Case[] {
  const stray = only.find((beginning) => beginning === '' || !cases.some(({ id }) => id.startsWith(beginning)))
  if (stray !== undefined) throw new ConformanceRefused(`no case has an id that begins with "${stray}"`)
  return cases.filter(
    (one) =>
      (!only.length || only.some((beginning) => one.id.startsWith(beginning))) &&
      (level === 'all' || one.smoke === true) &&
      (certify === undefined || isAskedFor(one, certify, fidelity)),
  )
}

/** What cases take and cost together. */
export const estimateOf = (cases: readonly Case[]): Estimate => ({
  seconds: cases.reduce((sum, { seconds }) => sum + seconds, 0),
  cents: cases.reduce((sum, { cents = 0 }) => sum + cents, 0),
})

const money = (cents: number) => `${(cents / 100).toFixed(2)} USD`

/** A table of cases: id, level, seconds, cents, what they need and rest on; the sum in the last line. */
export function listText(cases: readonly Case[]): string {
  const width = Math.max(0, ...cases.map(({ id }) => id.length))
  const rows = cases.map(({ id, level, seconds, cents = 0, needs, source, smoke }) => {
    const figures = `${String(seconds).padStart(4)} s ${String(cents).padStart(4)} ct`
    return `${id.padEnd(width)}  ${level.padEnd(6)} ${figures}  ${smoke ? 'smoke  ' : ''}${needs.join(',')}\n${' '.repeat(width)}  ${source}\n`
  })
  const { seconds, cents } = estimateOf(cases)
  return `${rows.join('')}${cases.length} cases, about ${Math.ceil(seconds / 60)} minutes one after the other, ${money(cents)} on AWS\n`
}

/** What stands in the way of a run on a cloud that bills, as a sentence; undefined when nothing does. */
export function objection(
  { name, bills }: Pick<Target, 'name' | 'bills'>,
  { cents }: Estimate,
  { owned, budget }: { readonly owned: boolean; readonly budget: number | undefined },
): string | undefined {
  if (!bills) return undefined
  const cost = `these cases cost about ${money(cents)}`
  if (!owned) {
    return `${name} bills its account for what is run there (${cost}): say --i-own-this-account, and --budget CENTS for a limit`
  }
  if (budget === undefined) return `${name} bills its account (${cost}): name a limit by --budget CENTS`
  return cents > budget ? `${cost}, which is more than the budget of ${money(budget)}` : undefined
}
