import { expect, test, vi } from 'vitest'
import { loadCases } from './cases.ts'
import { killers, noticed, runOnMutant } from './mutants.harness.ts'

const cases = await loadCases()
const booting = Object.entries(killers).filter(([, { boots }]) => boots)

/** A tenth of them is run each day, and all of them in ten days; `npm run test:full` runs all. */
const turn = Math.floor(Date.now() / 86_400_000) % 10
const today = booting.filter((_, index) => index % 10 === turn).map(([name]) => name)
console.log(`mutants whose turn it is (${turn} of 0 to 9): ${today.join(', ') || 'none'}`)

test('there are mutants that only a guest can see', () => expect(booting.length).toBeGreaterThanOrEqual(10))

for (const [mutant, { case: id, by, fidelity = 'eucalyptus' }] of booting) {
  const tags = today.includes(mutant) ? [] : ['slow']
  test(`the suite kills ${mutant}`, { tags, timeout: 1_800_000 }, async () => {
    const one = cases.find((each) => each.id === id)
    if (!one) throw new Error(`there is no case ${id}`)
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const { result, healthy } = await runOnMutant(one, { mutant, fidelity, boots: true, timeScale: 1 })
    expect({ verdict: result.verdict, by: noticed(result) }, result.reason).toEqual({ verdict: 'failed', by })
    expect(healthy).toBe(true)
    expect(warn.mock.calls.join('\n')).toContain(`EUCA_EMU_MUTANT=${mutant}`)
    warn.mockRestore()
  })
}
