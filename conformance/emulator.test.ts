import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeHypervisor } from '../emulator/node/fake.ts'
import { type Emulator, startEmulator } from '../src/index.ts'
import { loadCases } from './cases.ts'
import { emulatorCapabilities, emulatorTarget } from './emulator-target.ts'
import { lacking, runCase } from './run.ts'
import type { Target } from './target.ts'

const all = await loadCases()

/** Every case that boots nothing, on a fresh emulator whose hypervisor is a fake, once for each fidelity. */
describe.each(['eucalyptus', 'aws'] as const)('an emulator that speaks %s', (fidelity) => {
  let folder: string
  let emulator: Emulator
  let target: Target
  const capabilities = emulatorCapabilities(fidelity, false)
  const cases = all.filter((one) => lacking(one, { capabilities }).length === 0)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
    const hypervisor = fakeHypervisor()
    emulator = await startEmulator({ data: folder, port: 0, fidelity, catalog: false, hypervisor, stopGrace: 0 })
    target = await emulatorTarget(emulator, { fidelity, boots: false, timeScale: 4 })
  })
  afterAll(async () => {
    await emulator?.stop()
    await rm(folder, { recursive: true })
  })

  test('is asked about many things', () => expect(cases.length).toBeGreaterThan(50))

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { verdict, reason, error, leaked } = await runCase(one, target)
    if (error) throw error
    expect({ verdict, reason, leaked }).toEqual({ verdict: 'passed', reason: undefined, leaked: [] })
  })
})
