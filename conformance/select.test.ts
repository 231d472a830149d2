import { expect, test } from 'vitest'
import { type Case, defineCase } from './case.ts'
import { loadCases } from './cases.ts'
import { certificateOf, certificates } from './levels.ts'
import { estimateOf, listText, objection, selected } from './select.ts'

const one = (id: string, own: Partial<Case> = {}) =>
  defineCase({
    ...{
      id,
      title: id,
      level: 'MUST',
      covers: [],
      needs: ['s3'],
      source: 'this test',
      seconds: 90,
      run: async () => {},
    },
    ...own,
  })
const cases = [
  one('buckets/plain', { smoke: true }),
  one('ebs/attach', { needs: ['s3', 'ebs'], cents: 2 }),
  one('bundle/instance', { needs: ['bundle-instance'], cents: 3 }),
  one('authentication/wrong-key'),
  one('objects/tags', { needs: ['object-tagging'] }),
  one('buckets/nicety', { level: 'MAY' }),
]
const ids = (selection: Parameters<typeof selected>[2], fidelity: 'eucalyptus' | 'aws' = 'eucalyptus') =>
  selected(cases, { fidelity }, selection).map(({ id }) => id)

test('all cases, those of a beginning, or the few that tell most', () => {
  expect(ids({})).toHaveLength(cases.length)
  expect(ids({ only: ['buckets/', 'ebs/attach'] })).toEqual(['buckets/plain', 'ebs/attach', 'buckets/nicety'])
  expect(ids({ level: 'smoke' })).toEqual(['buckets/plain'])
})

test('a beginning that fits nothing is a mistake, and no success', () => {
  expect(() => ids({ only: ['bukets/'] })).toThrow('no case has an id that begins with "bukets/"')
  expect(() => ids({ only: ['buckets/', ''] })).toThrow('no case has an id that begins with ""')
})

test('each certificate has all of those before it, and none asks for what such a cloud never has', () => {
  expect(ids({ certify: 'bronze' })).toEqual(['buckets/plain'])
  expect(ids({ certify: 'bronze' }, 'aws')).toEqual(['buckets/plain', 'objects/tags'])
  expect(ids({ certify: 'silver' })).toEqual(['buckets/plain', 'ebs/attach'])
  expect(ids({ certify: 'gold' })).toEqual([
    'buckets/plain',
    'ebs/attach',
    'bundle/instance',
    'authentication/wrong-key',
  ])
})

test('each certificate has cases of its own', async () => {
  const levels = new Set((await loadCases()).map(certificateOf))
  expect([...levels].sort()).toEqual([...certificates].sort())
})

test('a list says what cases need, take and cost', () => {
  const text = listText(cases.slice(0, 2))
  expect(text).toContain('buckets/plain  MUST     90 s    0 ct  smoke  s3\n')
  expect(text).toContain('ebs/attach     MUST     90 s    2 ct  s3,ebs\n')
  expect(text).toMatch(/2 cases, about 3 minutes one after the other, 0\.02 USD on AWS\n$/)
})

test.each([
  ['a cloud that bills nobody', undefined, { owned: false, budget: undefined }, undefined],
  ['an account that nobody owns up to', true, { owned: false, budget: 100 }, /--i-own-this-account/],
  ['no limit', true, { owned: true, budget: undefined }, /name a limit by --budget/],
  ['too little', true, { owned: true, budget: 4 }, /about 0\.05 USD, which is more than the budget of 0\.04 USD/],
  ['enough', true, { owned: true, budget: 5 }, undefined],
] as const)('on a bill: %s', (_, bills, consent, expected) => {
  const found = objection({ name: 'a cloud', ...(bills && { bills }) }, estimateOf(cases), consent)
  if (expected === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(expected)
})
