import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Emulator, startEmulator } from '../src/index.ts'
import { loadCases } from './cases.ts'
import { emulatorTarget } from './emulator-target.ts'
import { runCase } from './run.ts'
import type { Target } from './target.ts'

// Where the fidelities differ for guests: the session tokens of the metadata service, without which nobody logs in, and
// VM Import. The other cases that boot are of what both have in common, and run in emulator.boot.test.ts.
const ids = ['ssh/logs-in-with-a-made-key-pair', 'imports/image']

let folder: string
let emulator: Emulator
let target: Target

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
  const options = { data: folder, port: 0, catalog: false, stopGrace: 0, accelerator: 'tcg' } as const
  emulator = await startEmulator({ ...options, fidelity: 'aws' })
  target = await emulatorTarget(emulator, { fidelity: 'aws', boots: true, timeScale: 3 })
})
afterAll(async () => {
  await emulator?.stop()
  await rm(folder, { recursive: true })
})

test.each(ids)('%s, on a real QEMU, as in AWS', async (id) => {
  const [found] = (await loadCases()).filter((one) => one.id === id)
  if (!found) throw new Error(`there is no case ${id}`)
  const { verdict, reason, error, leaked } = await runCase(found, target)
  if (error) throw error
  expect({ verdict, reason, leaked }).toEqual({ verdict: 'passed', reason: undefined, leaked: [] })
})
