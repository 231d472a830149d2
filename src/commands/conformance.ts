import { writeFile } from 'node:fs/promises'
import { loadCases } from '../../conformance/cases.ts'
import { runCases } from '../../conformance/run.ts'
import { readTarget } from '../../conformance/target.ts'

/** What `conformance` is told. */
export interface ConformanceRun {
  /** The target file: endpoints, credentials and declared capabilities of the cloud under test. */
  readonly target: string
  /** Beginnings of case ids. */
  readonly only?: readonly string[]
  /** Where the report goes as JSON. */
  readonly json?: string
}

/** Runs the cases on the cloud that the target file names. Resolves with whether none failed. */
export async function runConformance({ target, only, json }: ConformanceRun): Promise<boolean> {
  const report = await runCases(await loadCases(), await readTarget(target, process.env), {
    ...(only?.length && { only }),
    report: (line) => console.log(line),
  })
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`)
  return report.failed === 0
}
