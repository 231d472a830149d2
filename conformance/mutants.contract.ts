import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { mutantNamed, mutantNames } from '../emulator/seams.ts'
import type { Case } from './case.ts'
import { loadCases } from './cases.ts'
import { emulatorCapabilities } from './emulator-target.ts'
import { isHealthy, noticed, onEmulator } from './mutants.harness.ts'
import { lacking, runCase } from './run.ts'
import type { Fidelity, Target } from './target.ts'

/**
 * Runs cases that boot nothing on one emulator for each mutant, and prints which of them fail: to find the cases that kill
 * a new mutant, for mutants.json. Those that say something about what the mutant wraps, or `--all`. What fails without a
 * mutant as well is left out.
 *
 *     node dist/conformance/mutants.contract.js [--fidelity aws] [--all] [--json FILE] [MUTANT ...]
 */

/** A case that fails with a mutant, and how it notices. */
interface Killing {
  readonly case: string
  readonly by: string
  readonly seconds: number
}

/** The cases that fail, a few at a time. */
async function failing(cases: readonly Case[], target: Target): Promise<Killing[]> {
  const killers: Killing[] = []
  const waiting = [...cases]
  const work = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      const result = await runCase(one, target)
      if (result.verdict !== 'failed') continue
      killers.push({ case: result.id, by: noticed(result), seconds: result.seconds })
    }
  }
  await Promise.all(Array.from({ length: 4 }, work))
  return killers.sort((a, b) => a.case.localeCompare(b.case))
}

const { values, positionals } = parseArgs({
  options: { fidelity: { type: 'string', default: 'eucalyptus' }, json: { type: 'string' }, all: { type: 'boolean' } },
  allowPositionals: true,
})
const fidelity: Fidelity = values.fidelity === 'aws' ? 'aws' : 'eucalyptus'
const capabilities = emulatorCapabilities(fidelity, false)
const cases = (await loadCases()).filter((one) => lacking(one, { capabilities }).length === 0)
const run = { fidelity, boots: false, timeScale: 0.1 }
const sound = await onEmulator(run, (target) => failing(cases, target))
const usable = cases.filter(({ id }) => !sound.some((killer) => killer.case === id))
console.log(`${usable.length} cases; these fail without a mutant: ${sound.map((one) => one.case).join(' ') || 'none'}`)

/** The cases that say something about what a mutant wraps; of the engines only Object Storage's are told by that. */
function near(wraps: string): Case[] {
  if (values.all) return usable
  if (wraps === 'objects') return usable.filter(({ needs }) => needs.includes('s3') && !needs.includes('images'))
  const covering = usable.filter(({ covers }) => covers.includes(wraps))
  return covering.length ? covering : usable
}

const found: Record<string, Killing[]> = {}
for (const mutant of positionals.length ? positionals : await mutantNames()) {
  const { wraps } = await mutantNamed(mutant)
  const killers = await onEmulator({ ...run, mutant }, async (target) => {
    const failed = await failing(near(wraps), target)
    if (!(await isHealthy(target))) console.log(`${mutant}: the emulator is not healthy`)
    return failed
  })
  found[mutant] = killers
  console.log(`${mutant}: ${killers.map((one) => `${one.case} (${one.by})`).join(', ') || 'SURVIVES'}`)
  if (values.json) await writeFile(values.json, `${JSON.stringify(found, undefined, 2)}\n`)
}
