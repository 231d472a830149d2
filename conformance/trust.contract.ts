import { createHash, randomInt } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { emulatorCapabilities } from './emulator-target.ts'
import type { ReportDocument } from './reports/document.ts'
import type { Fidelity } from './target.ts'
import { type Extent, next, readLog, said, summary, type TrustRun, type Wanted } from './trust.ts'

/**
 * Whether the suite can be trusted: all that boots nothing twenty times in a row, and everything five times, in random
 * order, each on a fresh emulator by the command that everybody uses. It may be stopped at any moment and started again:
 * what is in its log is not run again, as long as what is run is the same. A run that fails ends it, and its row.
 *
 *     node dist/conformance/trust.contract.js [--without-boots 20] [--whole 5] [--fidelities eucalyptus,aws] [--log FILE]
 *         [--boots N] [--parallel N]
 */
const { values } = parseArgs({
  options: {
    'without-boots': { type: 'string', default: '20' },
    whole: { type: 'string', default: '5' },
    fidelities: { type: 'string', default: 'eucalyptus,aws' },
    log: { type: 'string', default: 'trust.jsonl' },
    boots: { type: 'string' },
    parallel: { type: 'string' },
  },
})
const wanted: Wanted = { 'boots nothing': Number(values['without-boots']), everything: Number(values.whole) }
const fidelities = values.fidelities.split(',') as Fidelity[]
const log = resolve(values.log)
const dist = fileURLToPath(new URL('..', import.meta.url))
const cli = join(dist, 'src', 'cli.js')

/** What is run: another one when any of its files is. */
function buildId(): string {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(m?js|json)$/.test(file))
  const hash = createHash('sha256')
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(dist, file)))
  return hash.digest('hex').slice(0, 12)
}

function optionsOf(extent: Extent, fidelity: Fidelity, seed: number): string[] {
  const options = ['--fidelity', fidelity, '--seed', String(seed)]
  if (values.parallel !== undefined) options.push('--parallel', values.parallel)
  if (values.boots !== undefined) options.push('--boots', values.boots)
  // Declared, so that where nothing boots the cases that do fail: left out of everything they would go unnoticed.
  options.push('--capabilities', emulatorCapabilities(fidelity, extent === 'everything').join(','))
  return options
}

async function runOnce(build: string, extent: Extent, fidelity: Fidelity): Promise<TrustRun> {
  const seed = randomInt(2 ** 31)
  const at = new Date()
  const reports = join(dirname(log), `trust-${seed}`)
  mkdirSync(reports, { recursive: true })
  const json = join(reports, 'report.json')
  const { exitCode = 1, all } = await execa(
    process.execPath,
    [cli, 'conformance', ...optionsOf(extent, fidelity, seed), '--json', json, '--html', join(reports, 'report.html')],
    { reject: false, all: true, stdin: 'ignore', cancelSignal: interrupted.signal, killSignal: 'SIGINT' },
  )
  // By us, or by whoever ended that process: it says nothing about the suite.
  if (interrupted.signal.aborted || exitCode === 130) {
    rmSync(reports, { recursive: true })
    process.exit(130)
  }
  // The file of a run that did not come to its end is empty.
  const written = existsSync(json) ? readFileSync(json, 'utf8') : ''
  const report: ReportDocument | undefined = written === '' ? undefined : JSON.parse(written)
  const failures = (report?.cases ?? []).filter(({ verdict }) => verdict === 'failed')
  const { passed, failed, skipped } = report ?? { passed: 0, failed: 0, skipped: 0 }
  const isGood = exitCode === 0 && failures.length === 0
  if (isGood) rmSync(reports, { recursive: true })
  else
    console.log(
      `${all ?? ''}\nits reports: ${reports}\nagain: node ${cli} conformance ${optionsOf(extent, fidelity, seed).join(' ')}`,
    )
  return {
    ...{ extent, fidelity, seed, build, at: at.toISOString(), seconds: (Date.now() - at.getTime()) / 1000 },
    ...{ load: loadavg()[1] ?? 0, exitCode, passed, failed, skipped },
    failures: failures.map(({ id, reason = '' }) => ({ id, reason })),
  }
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
const build = buildId()
const runs = existsSync(log) ? readLog(readFileSync(log, 'utf8')) : []
for (let todo = next(runs, build, wanted, fidelities); todo; todo = next(runs, build, wanted, fidelities)) {
  const run = await runOnce(build, todo.extent, todo.fidelity)
  runs.push(run)
  appendFileSync(log, `${JSON.stringify(run)}\n`)
  console.log(said(run))
  if (run.exitCode !== 0 || run.failed > 0) break
}
console.log(summary(runs, build, wanted).join('\n'))
process.exitCode = next(runs, build, wanted, fidelities) ? 1 : 0
