import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeHypervisor } from '../emulator/node/fake.ts'
import { type Emulator, startEmulator } from '../src/index.ts'
import { askedOperations, toldOperations } from './asked.harness.ts'
import { loadCases } from './cases.ts'
import { emulatorCapabilities, emulatorTarget } from './emulator-target.ts'
import { createRecorder } from './reports/recorder.ts'
import { lacking, runCase } from './run.ts'
import type { Target } from './target.ts'

const all = await loadCases()

/** What each case has asked for on either emulator, for those that have passed. */
const asked = new Map<string, Set<string>>()

/** Every case that boots nothing, on a fresh emulator whose hypervisor is a fake, once for each fidelity. */
describe.each(['eucalyptus', 'aws'] as const)('an emulator that speaks %s', (fidelity) => {
  let folder: string
  let emulator: Emulator
  let target: Target
  let operationsIn: Awaited<ReturnType<typeof askedOperations>>
  const capabilities = emulatorCapabilities(fidelity, false)
  const cases = all.filter((one) => lacking(one, { capabilities }).length === 0)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
    const hypervisor = fakeHypervisor()
    emulator = await startEmulator({ data: folder, port: 0, fidelity, catalog: false, hypervisor, stopGrace: 0 })
    operationsIn = await askedOperations(fidelity)
    target = await emulatorTarget(emulator, { fidelity, boots: false, timeScale: 4 })
  })
  afterAll(async () => {
    await emulator?.stop()
    await rm(folder, { recursive: true })
  })

  test('is asked about many things', () => expect(cases.length).toBeGreaterThan(50))

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const { wire, transcript } = createRecorder()
    let seen: Set<string> | undefined
    const finish = async () => {
      seen = operationsIn(transcript([]).exchanges)
      return {}
    }
    const { verdict, reason, error, leaked } = await runCase(one, target, { watch: () => ({ wire, finish }) })
    if (error) throw error
    expect({ verdict, reason, leaked }).toEqual({ verdict: 'passed', reason: undefined, leaked: [] })
    asked.set(one.id, new Set([...(asked.get(one.id) ?? []), ...(seen ?? [])]))
  })
})

/** A request that breaks off is made on a connection of its own, which nobody records. */
const unseen = ['objects/broken-off never asks for UploadPart']

test('a case asks for every operation that it says something about', async () => {
  const told = await toldOperations()
  const idle = all.flatMap(({ id, covers }) => {
    const seen = asked.get(id)
    const missed = covers.filter((operation) => seen && told.has(operation) && !seen.has(operation))
    return missed.map((operation) => `${id} never asks for ${operation}`)
  })
  expect(idle.filter((line) => !unseen.includes(line))).toEqual([])
})
