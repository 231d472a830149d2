import { readFile } from 'node:fs/promises'
import minio from './differences/minio.json' with { type: 'json' }
import moto from './differences/moto.json' with { type: 'json' }
import versitygw from './differences/versitygw.json' with { type: 'json' }
import { ConformanceRefused, jsonOf } from './refused.ts'

/** A case whose failure on a target is known: data, and never a condition inside a case. */
export interface Difference {
  /** The target's name. */
  readonly target: string
  /** The case's id. */
  readonly case: string
  readonly reason: string
  /** Where it is written down. */
  readonly link: string
}

/** What a file of known differences says, `conformance/differences/<target>.json` among them. */
export interface DifferencesFile {
  readonly target: string
  readonly differences: readonly Omit<Difference, 'target'>[]
}

/** The differences of files, each with its target. */
export const differencesIn = (...files: readonly DifferencesFile[]): Difference[] =>
  files.flatMap(({ target, differences }) => differences.map((one) => ({ target, ...one })))

/** The known differences. One whose case passes fails the run, so that none outlives its reason. */
export const differences: readonly Difference[] = differencesIn(minio, moto, versitygw)

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

function checked(given: unknown, path: string): DifferencesFile {
  const { target, differences: rows } = (given ?? {}) as Partial<Record<keyof DifferencesFile, unknown>>
  if (!isText(target) || !Array.isArray(rows)) {
    throw new ConformanceRefused(`${path} is no file of differences: it needs "target" and the list "differences"`)
  }
  const wrong = rows.find((row) => ![row?.case, row?.reason, row?.link].every(isText))
  if (wrong !== undefined) {
    throw new ConformanceRefused(
      `${path}: a difference needs case, reason and link, all text: ${JSON.stringify(wrong)}`,
    )
  }
  const ids = rows.map((row) => row.case)
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) throw new ConformanceRefused(`${path} names the case ${twice} twice`)
  const linkless = rows.find(({ link }) => !/^https?:\/\/\S+$/.test(link))
  if (linkless) throw new ConformanceRefused(`${path}: the link of ${linkless.case} is none: "${linkless.link}"`)
  return { target, differences: rows }
}

/** Throws for a difference of a case that is not there: one that was renamed would excuse nothing, or be excused by nothing. */
export function assertKnown(known: readonly Difference[], ids: readonly string[]): void {
  const stray = known.find((difference) => !ids.includes(difference.case))
  if (stray)
    throw new ConformanceRefused(`the differences of ${stray.target} name the case ${stray.case}, which is not there`)
}

/** Reads a file of known differences of the target of that name. Throws an Error that says what is wrong with it. */
export async function readDifferences(path: string, name: string): Promise<Difference[]> {
  const file = checked(jsonOf(await readFile(path, 'utf8'), path), path)
  if (file.target !== name)
    throw new ConformanceRefused(`${path} is about the target "${file.target}", and this is "${name}"`)
  return differencesIn(file)
}
