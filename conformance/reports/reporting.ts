import { open, readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Case } from '../case.ts'
import own from '../evidence.json' with { type: 'json' }
import { ConformanceRefused } from '../refused.ts'
import type { Report, RunOptions } from '../run.ts'
import type { Target } from '../target.ts'
import { badge } from './badge.ts'
import { compare } from './compare.ts'
import { documentOf, type ReportDocument, readDocument } from './document.ts'
import { cloudOf, type Evidence, isEmulator, readEvidence, withProofs, writeEvidence } from './evidence.ts'
import { junit } from './junit.ts'
import { withoutControls } from './markup.ts'
import { page } from './page.ts'
import { type Screen, showProgress } from './progress.ts'
import { createWitness } from './witness.ts'

/** What becomes of a run besides what is printed. */
export interface ReportOptions {
  /** Files to write, by their form. */
  readonly json?: string
  readonly junit?: string
  readonly html?: string
  readonly badge?: string
  /** Keep the transcripts of cases that pass, too. */
  readonly transcripts?: boolean
  /**
   * The cloud under test and its version, `true` for what the target says of itself: that the cases have passed there
   * goes into the evidence.
   */
  readonly record?: string | true
}

/** Where a run is reported, and by which version of the suite. */
export interface Desk {
  readonly screen: Screen
  readonly suite: string
  /** The evidence that `record` adds to; it is read when the run begins. */
  readonly evidenceFile: string
}

/** Reports a run while it goes on, and when it has ended. */
export interface Reporting {
  /** What the run has to tell. */
  readonly events: Pick<RunOptions, 'onStart' | 'onResult' | 'watch' | 'report'>
  /** Writes what was asked for; it can be called again when more is known of the run. */
  finish(report: Report): Promise<ReportDocument>
}

const writers = {
  json: (report: ReportDocument) => `${JSON.stringify(report, undefined, 2)}\n`,
  junit,
  html: page,
  badge,
} as const

/** What `record` needs, looked at before the run: hours later is too late to hear that it cannot be done. */
async function recordOf(target: Target, words: string | true, file: string) {
  const cloud = cloudOf(words === true ? (target.version ?? '') : words)
  if (await isEmulator(target))
    throw new ConformanceRefused('this is the emulator: what passes on it is no evidence of any other cloud')
  await (await open(file, 'r+')).close()
  return { cloud, before: await readEvidence(file) }
}

const forms = ['json', 'junit', 'html', 'badge'] as const

/** Throws when a file that was asked for cannot be written: hours later that would lose all that the run has found. */
async function writable(options: ReportOptions): Promise<void> {
  const files = forms.flatMap((form) => options[form] ?? [])
  const twice = files.find((file, at) => files.findIndex((other) => resolve(other) === resolve(file)) !== at)
  if (twice !== undefined) throw new ConformanceRefused(`two forms of the report cannot both be in ${twice}`)
  for (const file of files) await (await open(file, 'a')).close()
}

/** Begins the report of a run of these cases. Throws for a `record` that cannot be made, and files that cannot be written. */
export async function openReporting(
  cases: readonly Case[],
  target: Target,
  options: ReportOptions,
  { screen, suite, evidenceFile }: Desk,
): Promise<Reporting> {
  const { record, transcripts = false } = options
  await writable(options)
  const recorded = record === undefined ? undefined : await recordOf(target, record, evidenceFile)
  const witness = createWitness(target, { all: transcripts })
  const progress = showProgress(cases.length, screen)
  const began = performance.now()
  return {
    events: {
      watch: witness.watch,
      onStart: ({ id }) => progress.started(id),
      onResult: (result) => {
        witness.onResult(result)
        progress.finished(result)
      },
      // What a cloud has answered may hold anything, also what moves the cursor of a terminal.
      report: (line) => progress.line(withoutControls(witness.safe(line))),
    },
    async finish(report) {
      progress.end()
      const evidence: Evidence = recorded ? withProofs(recorded.before, report, recorded.cloud) : own
      if (recorded) await writeEvidence(evidenceFile, evidence)
      const seconds = (performance.now() - began) / 1000
      const document = documentOf(report, { cases, evidence, witness, suite, seconds })
      // What cannot be written keeps nothing else from it.
      const written = await Promise.allSettled(
        forms.map(async (form) => {
          const file = options[form]
          if (file !== undefined) await writeFile(file, writers[form](document))
        }),
      )
      const failure = written.find((one) => one.status === 'rejected')
      if (failure) throw failure.reason
      return document
    },
  }
}

/** Compares two written reports. Throws when one of the files is none. */
export async function compareFiles(before: string, after: string): Promise<{ text: string; worse: boolean }> {
  const read = async (file: string) => readDocument(await readFile(file, 'utf8'), file)
  const { lines, worse } = compare(await read(before), await read(after))
  return { text: `${lines.map(withoutControls).join('\n')}\n`, worse }
}
