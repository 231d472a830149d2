import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { emulatorTarget } from '../conformance/emulator-target.ts'
import { fakeHypervisor } from '../emulator/node/fake.ts'
import { startEmulator } from './index.ts'
import { sweepKills } from './sweeps.contract.ts'

// Boots no guest, but starts the program itself, again and again: it needs the machine for itself.
async function swept(times: number) {
  const folder = await mkdtemp(join(tmpdir(), 'sweeps-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const own = { data: join(folder, 'data'), port: 0, catalog: false, ephemeral: true, stopGrace: 0 } as const
  const emulator = await startEmulator({ ...own, hypervisor: fakeHypervisor() })
  onTestFinished(() => emulator.stop())
  const target = await emulatorTarget(emulator, { fidelity: 'eucalyptus', boots: false, timeScale: 4 })
  const { lines, leftovers, left } = await sweepKills(target, folder, times)
  console.log(`${times} kills after ${lines.join(', ')} lines of the journal left ${leftovers} things, all swept`)
  expect(left).toEqual([])
  expect(lines).toHaveLength(times)
  expect(leftovers).toBeGreaterThan(0)
}

describe('what a killed run leaves behind is swept, to the last thing', () => {
  test('twice', { timeout: 600_000 }, () => swept(2))
  test('fifty times', { tags: ['slow'], timeout: 50 * 120_000 }, () => swept(50))
})
