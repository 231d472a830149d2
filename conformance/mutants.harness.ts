import { AssertionError } from 'node:assert'
import { readFileSync } from 'node:fs'
import { fakeHypervisor } from '../emulator/node/fake.ts'
import { mutantNamed, mutantNames } from '../emulator/seams.ts'
import { startEmulator } from '../src/index.ts'
import type { Case } from './case.ts'
import { emulatorTarget } from './emulator-target.ts'
import { type Result, runCase } from './run.ts'
import type { Fidelity, Target } from './target.ts'

/** The ways in which a case notices a bug: see `noticed`. */
type Notice = 'assertion' | 'refusal' | 'wait'

/** The case that kills a mutant. */
export interface Killer {
  readonly case: string
  /** How it notices the bug. */
  readonly by: Notice
  /** `eucalyptus` when left out. */
  readonly fidelity?: Fidelity
  /** Guests have to boot for it. */
  readonly boots?: true
}

/** The killer of each mutant: data, so that a case which no longer kills is seen. */
export const killers: Readonly<Record<string, Killer>> = JSON.parse(
  readFileSync(new URL('mutants.json', import.meta.url), 'utf8'),
)

/** How an emulator with a mutant is started. */
export interface MutantRun {
  /** None: the same emulator without a bug. */
  readonly mutant?: string
  readonly fidelity: Fidelity
  /** Whether guests really boot; a fake stands in for QEMU otherwise. */
  readonly boots: boolean
  /** Deadlines are so many times those of an idle machine; what a mutant never does is waited for that long. */
  readonly timeScale: number
}

/** A fresh emulator, ephemeral and without images, as a target for `use`. */
export async function onEmulator<Found>(
  { mutant, fidelity, boots, timeScale }: MutantRun,
  use: (target: Target) => Promise<Found>,
): Promise<Found> {
  const emulator = await startEmulator({
    ...{ ephemeral: true, port: 0, fidelity, catalog: false, stopGrace: 0 },
    ...(mutant !== undefined && { mutant }),
    ...(boots ? { accelerator: 'tcg' } : { hypervisor: fakeHypervisor() }),
  })
  try {
    return await use(await emulatorTarget(emulator, { fidelity, boots, timeScale }))
  } finally {
    await emulator.stop()
  }
}

/** Whether the cloud behind a target still answers: its health page says ok. */
export async function isHealthy({ endpoints }: Target): Promise<boolean> {
  const response = await fetch(new URL('/_euca/health', endpoints.ec2))
  return response.ok && ((await response.json()) as { status: string }).status === 'ok'
}

/** Runs a case on a fresh emulator with a mutant. */
export const runOnMutant = (one: Case, run: MutantRun): Promise<{ result: Result; healthy: boolean }> =>
  onEmulator(run, async (target) => ({ result: await runCase(one, target), healthy: await isHealthy(target) }))

/**
 * How a failed case has noticed: an answer was another than it asserts (or there was one where a refusal was due), what must
 * work was refused, or it waited in vain. `breaks` is all else, an accident that says nothing about the bug.
 */
export function noticed({ error }: Pick<Result, 'error'>): Notice | 'breaks' {
  if (error instanceof AssertionError) return 'assertion'
  if (!(error instanceof Error)) return 'breaks'
  if (error.name === 'ServiceError' || error.name === 'S3Error') return 'refusal'
  return error.constructor === Error && !('code' in error) ? 'wait' : 'breaks'
}

/** A text as a cell of a table in Markdown. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

/** The page of the documentation that tells all mutants and what kills them. */
export async function mutantsPage(): Promise<string> {
  const rows = (await mutantNames()).map(async (name) => {
    const { sentence, wraps } = await mutantNamed(name)
    const killer = killers[name]
    const how = [killer?.by, killer?.fidelity, killer?.boots && 'boots'].filter(Boolean).join(', ')
    return `| \`${name}\` | ${cell(sentence)} | \`${wraps}\` | \`${killer?.case}\` (${how}) |`
  })
  return `# Mutants

A test that cannot fail proves nothing. The folder \`emulator/mutants\` holds bugs that clouds really could have, each a
small module that is put around one operation or one engine of the emulator. \`EUCA_EMU_MUTANT=<name> npm start\` starts an
emulator with one of them; it says so on its console, and a package has none. The conformance suite has to kill every one:
for each there is a case that passes on the emulator and fails with the mutant, by what it asserts and not because the
emulator breaks. \`conformance/mutants.test.ts\` runs those that boot nothing, \`conformance/mutants.boot.test.ts\` the
others, a tenth at a time and all of them in \`npm run test:full\`.

A new mutant is a new file in that folder. After a build, the script \`dist/conformance/mutants.contract.js NAME\` finds the
cases that kill it; one of them is then written into \`conformance/mutants.json\`, with how it notices (an \`assertion\`, a
\`refusal\` of what must work, or a \`wait\` in vain), and this page is written by
\`npx vitest run --project conformance conformance/mutants.test.ts -u\`.

| Mutant | The bug | Around | Killed by |
| --- | --- | --- | --- |
${(await Promise.all(rows)).join('\n')}
`
}
