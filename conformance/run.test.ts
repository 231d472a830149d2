import { stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { type Case, defineCase } from './case.ts'
import { runCase, runCases } from './run.ts'
import type { Target } from './target.ts'
import type { Tools } from './tools.ts'

const account = { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: 'secret' }
const target: Target = {
  name: 'nowhere',
  fidelity: 'eucalyptus',
  region: 'eucalyptus',
  zone: 'one',
  endpoints: { ec2: 'http://127.0.0.1:9', s3: 'http://127.0.0.1:9', sts: 'http://127.0.0.1:9' },
  administrator: account,
  capabilities: ['s3'],
  instanceType: { name: 'm1.small', diskGiB: 5 },
  timeScale: 1,
}
const oneCase = (id: string, run: (tools: Tools) => Promise<void>, needs: Case['needs'] = ['s3']) =>
  defineCase({ id, title: id, level: 'MUST', covers: [], needs, source: 'this test', seconds: 0, run })

const gone = Object.assign(new Error('there is none'), { code: 'InvalidAMIID.NotFound' })
const good = oneCase('area/good', async () => undefined)
const bad = oneCase('area/bad', async () => {
  throw new Error('not so')
})
const flying = oneCase('area/flying', async () => undefined, ['s3', 'boots-hvm', 'images'])
const difference = { target: 'nowhere', reason: 'old', link: 'a page' }

test('a case passes, fails, or is skipped for a capability that the target does not declare', async () => {
  expect(await runCase(good, target)).toMatchObject({ id: 'area/good', verdict: 'passed', leaked: [] })
  expect(await runCase(bad, target)).toMatchObject({ verdict: 'failed', reason: 'not so', error: new Error('not so') })
  expect(await runCase(flying, target)).toMatchObject({
    verdict: 'skipped',
    reason: 'the target does not declare boots-hvm, images',
  })
})

test('what a case leaves behind is removed last-in first-out, also when it fails', async () => {
  const removed: string[] = []
  const leaving = oneCase('area/leaving', async ({ later }) => {
    later('first', async () => removed.push('first'))
    later('gone', () => Promise.reject(gone))
    later('last', async () => removed.push('last'))
    throw new Error('in the middle')
  })
  expect(await runCase(leaving, target)).toMatchObject({ verdict: 'failed', reason: 'in the middle', leaked: [] })
  expect(removed).toEqual(['last', 'first'])
})

test('what cannot be removed fails the case, but does not replace its first error', async () => {
  const stuck = (fails: boolean) =>
    oneCase('area/stuck', async ({ later }) => {
      later('bucket b', () => Promise.reject(new Error('it is not empty')))
      if (fails) throw new Error('the first')
    })
  const leaked = ['bucket b: it is not empty']
  const reason = 'left behind: bucket b: it is not empty'
  expect(await runCase(stuck(false), target)).toMatchObject({ verdict: 'failed', reason, leaked })
  expect(await runCase(stuck(true), target)).toMatchObject({ verdict: 'failed', reason: 'the first', leaked })
})

test('a known difference is skipped with its reason, and fails once its case passes', async () => {
  const differences = [
    { ...difference, case: 'area/bad' },
    { ...difference, case: 'area/good' },
  ]
  expect(await runCase(bad, target, { differences })).toMatchObject({
    verdict: 'skipped',
    reason: 'known difference: old (a page)',
  })
  expect(await runCase(good, target, { differences })).toMatchObject({
    verdict: 'failed',
    reason: 'this is listed as a known difference (old), but it passes',
  })
  expect(await runCase(bad, { ...target, name: 'elsewhere' }, { differences })).toMatchObject({ verdict: 'failed' })
})

test('a run reports each case, the unproven ones and, last, the counts', async () => {
  const lines: string[] = []
  const report = await runCases([good, bad, flying], target, { report: (line) => lines.push(line) })
  expect(report).toMatchObject({ target: 'nowhere', fidelity: 'eucalyptus', passed: 1, failed: 1, skipped: 1 })
  expect(report.unproven).toEqual(['area/good', 'area/bad', 'area/flying'])
  expect(lines).toEqual([
    expect.stringMatching(/^passed {2}area\/good \(\d+\.\d s, unproven\)$/),
    expect.stringMatching(/^failed {2}area\/bad/),
    '        expected  area/bad (MUST)',
    '        rests on  this test',
    '        so        not so',
    expect.stringMatching(/^skipped area\/flying/),
    '        the target does not declare boots-hvm, images',
    '3 of 3 cases unproven: they have passed on nothing but the emulator',
    '1 passed, 1 failed, 1 skipped',
  ])
  expect(JSON.parse(JSON.stringify(report)).results[1]).toMatchObject({ id: 'area/bad', reason: 'not so' })
})

test('a run can be of some cases only', async () => {
  const { results } = await runCases([good, bad], target, { only: ['area/go'] })
  expect(results.map(({ id }) => id)).toEqual(['area/good'])
})

test('an id that is not area/words is refused, and a case cannot be changed', () => {
  for (const id of ['words', 'Area/words', 'area/words/more', 'area/with space']) {
    expect(() => oneCase(id, async () => undefined)).toThrow(/cannot be the id/)
  }
  expect(() => Object.assign(good, { id: 'area/other' })).toThrow(TypeError)
})

test('a case without a second account says what it should have declared', async () => {
  const two = oneCase('area/two', async ({ user }) => void user)
  expect(await runCase(two, target)).toMatchObject({
    verdict: 'failed',
    reason: expect.stringContaining('two-accounts'),
  })
})

test.each([{}, { lanes: { parallel: 1, boots: 1 } }])(
  'a run (%j) that is ended begins no further case',
  async (lanes) => {
    const told = new AbortController()
    const last = oneCase('area/last', async () => told.abort())
    const report = await runCases([last, good], target, { signal: told.signal, ...lanes })
    expect(report).toMatchObject({ interrupted: true, passed: 1, results: [{ id: 'area/last' }] })
  },
)

test('results are in the order of the cases, whatever the order of the run', async () => {
  const cases = Array.from({ length: 9 }, (_, index) => oneCase(`area/number-${index}`, async () => undefined))
  const begun: string[] = []
  const onStart = ({ id }: Case) => void begun.push(id)
  const report = await runCases(cases, target, { seed: 3, lanes: { parallel: 2, boots: 1 }, onStart })
  expect(report.seed).toBe(3)
  expect(report.results.map(({ id }) => id)).toEqual(cases.map(({ id }) => id))
  expect(begun).not.toEqual(cases.map(({ id }) => id))
  expect(report).not.toHaveProperty('interrupted')
})

test('in a certificate a known difference is a failure, too', async () => {
  const differences = [{ ...difference, case: 'area/bad' }]
  expect(await runCase(bad, target, { differences, certify: 'gold' })).toMatchObject({
    verdict: 'failed',
    reason: 'the certificate "gold" lets nothing be skipped: known difference: old (a page)',
  })
  expect(await runCases([good], target, { certify: 'gold' })).toMatchObject({
    certificate: expect.stringMatching(/^gold \d{4}\.\d$/),
  })
})

test('names, folders and removals are in the journal', async () => {
  const lines: object[] = []
  const journal = { write: (line: object) => void lines.push(line), close: () => undefined }
  const making = oneCase('area/making', async (tools) => {
    const name = tools.name('bucket')
    expect(lines).toEqual([{ name }])
    tools.later(`bucket ${name}`, async () => undefined)
    expect(await stat(await tools.folder())).toBeTruthy()
  })
  expect(await runCase(making, target, { runId: '0123abcd', journal })).toMatchObject({ verdict: 'passed' })
  const { name } = lines[0] as { name: string }
  const { folder } = lines[1] as { folder: string }
  expect(name).toMatch(/^conformance-0123abcd-[0-9a-f]+-bucket$/)
  expect(lines.slice(2)).toEqual([{ removed: `folder ${folder}` }, { removed: `bucket ${name}` }])
  await expect(stat(folder)).rejects.toThrow(/ENOENT/)
})

test('what a cloud says is not kept at any length', async () => {
  const { reason = '', error } = await runCase(
    oneCase('area/long', () => Promise.reject(new Error('x'.repeat(2e6)))),
    target,
  )
  expect(reason).toMatch(/^x{3800}… \(2000000 characters\)$/)
  expect(error).toBeInstanceOf(Error)
})

test('an interrupted run says so, and has no certificate', async () => {
  const lines: string[] = []
  const options = {
    certify: 'bronze',
    signal: AbortSignal.abort(),
    report: (line: string) => void lines.push(line),
  } as const
  const report = await runCases([good], target, options)
  expect(report).toMatchObject({ interrupted: true, results: [] })
  expect(report).not.toHaveProperty('certificate')
  expect(lines.slice(-3)).toEqual([
    'interrupted: 1 cases had no turn',
    'these were not all cases of bronze: the report names no certificate',
    '0 passed, 0 failed, 0 skipped',
  ])
})

test('a known difference does not excuse what is left behind', async () => {
  const leaving = oneCase('area/leaving', async ({ later }) => {
    later('bucket b', () => Promise.reject(new Error('it is not empty')))
    throw new Error('not so')
  })
  const differences = [{ ...difference, case: 'area/leaving' }]
  expect(await runCase(leaving, target, { differences })).toMatchObject({ verdict: 'failed', reason: 'not so' })
})

test('a certificate says nothing of a part of its cases', async () => {
  const certify = { certify: 'bronze' } as const
  expect(await runCases([good], target, certify)).toHaveProperty('certificate')
  expect(await runCases([good], target, { ...certify, isPart: true })).not.toHaveProperty('certificate')
  expect(await runCases([good], target, { ...certify, only: ['area/'] })).not.toHaveProperty('certificate')
})
