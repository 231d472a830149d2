import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { mutantNames } from '../emulator/seams.ts'
import { loadCases } from './cases.ts'
import { killers, mutantsPage, noticed, runOnMutant } from './mutants.harness.ts'

const cases = await loadCases()
const caseNamed = new Map(cases.map((one) => [one.id, one]))

describe('the table', () => {
  test('has a killer for each mutant, and nothing else', async () => {
    expect(Object.keys(killers).sort()).toEqual(await mutantNames())
    expect(Object.keys(killers).length).toBeGreaterThanOrEqual(60)
  })

  test('names cases that exist', () =>
    expect(Object.values(killers).filter((one) => !caseNamed.has(one.case))).toEqual([]))

  test('is the one of the documentation', async () =>
    expect(await mutantsPage()).toMatchFileSnapshot('../docs/mutants.md'))
})

/** The killers that boot nothing, each on a fresh emulator. That they pass without the mutant emulator.test.ts proves. */
describe('the suite kills', () => {
  const [warn, error] = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')]
  beforeAll(() => {
    warn.mockImplementation(() => undefined)
  })
  afterAll(() => vi.restoreAllMocks())

  const quick = Object.entries(killers).filter(([, { boots }]) => !boots)
  test.concurrent.each(quick)('%s', async (mutant, { case: id, by, fidelity = 'eucalyptus' }) => {
    const one = caseNamed.get(id)
    if (!one) throw new Error(`there is no case ${id}`)
    const { result, healthy } = await runOnMutant(one, { mutant, fidelity, boots: false, timeScale: 0.25 })
    expect({ verdict: result.verdict, by: noticed(result) }, result.reason).toEqual({ verdict: 'failed', by })
    // By its answers, and not as the emulator is broken: what it cannot answer it would have logged.
    expect(healthy).toBe(true)
    expect(error.mock.calls).toEqual([])
    expect(warn.mock.calls.join('\n')).toContain(`EUCA_EMU_MUTANT=${mutant}`)
  })
})
