import { describe, expect, it } from 'vitest'
import { applies, endOf, expiryOf, type LifecycleFilter, type LifecycleRule } from './lifecycle.ts'

const day = 86_400_000
const noon = Date.parse('2026-03-01T12:00:00Z')
const midnight = (date: string) => Date.parse(`${date}T00:00:00Z`)
const ruleFor = (filter: Partial<LifecycleFilter>, rest: Partial<LifecycleRule> = {}): LifecycleRule => ({
  id: 'rule',
  isEnabled: true,
  filter: { prefix: '', tags: [], ...filter },
  form: 'one',
  ...rest,
})
const object = { key: 'logs/a', size: 100, tags: [{ key: 'kind', value: 'log' }], lastModified: noon }

describe('a rule', () => {
  it.each<[string, Partial<LifecycleFilter>, boolean]>([
    ['without conditions', {}, true],
    ['with its prefix', { prefix: 'logs/' }, true],
    ['with another prefix', { prefix: 'data/' }, false],
    ['with its tag', { tags: [{ key: 'kind', value: 'log' }] }, true],
    ['with another value of its tag', { tags: [{ key: 'kind', value: 'data' }] }, false],
    ['with a tag that it does not have', { tags: [...object.tags, { key: 'x', value: '' }] }, false],
    ['above its size', { above: 99 }, true],
    ['above exactly its size', { above: 100 }, false],
    ['below its size', { below: 101 }, true],
    ['below exactly its size', { below: 100 }, false],
    ['with one condition that holds and one that does not', { prefix: 'logs/', above: 1000 }, false],
  ])('%s', (_, filter, expected) => {
    expect(applies(ruleFor(filter), object)).toBe(expected)
  })

  it('that is disabled is about nothing', () => {
    expect(applies(ruleFor({}, { isEnabled: false }), object)).toBe(false)
  })

  it('with a tag is not about an object without any', () => {
    expect(applies(ruleFor({ tags: object.tags }), { key: 'k', size: 0 })).toBe(false)
  })
})

describe('days', () => {
  it.each([
    [noon, 1, '2026-03-03'],
    [noon, 30, '2026-04-01'],
    [midnight('2026-03-01'), 1, '2026-03-02'],
    [midnight('2026-03-01') + 1, 1, '2026-03-03'],
  ])('from %d, %d of them, end at a midnight of UTC', (since, days, expected) => {
    expect(new Date(endOf(since, days, day)).toISOString()).toBe(`${expected}T00:00:00.000Z`)
  })

  it('may be shorter', () => {
    expect(endOf(12_345, 1, 10_000)).toBe(30_000)
  })
})

describe('the expiry of an object', () => {
  const inDays = (id: string, days: number) => ruleFor({}, { id, expiration: { days } })

  it('is that of the earliest rule', () => {
    const dated = ruleFor({}, { id: 'dated', expiration: { at: midnight('2026-03-05') } })
    expect(expiryOf([inDays('a', 9), inDays('b', 2), dated], object, day)).toMatchObject({
      at: midnight('2026-03-04'),
      rule: { id: 'b' },
    })
    expect(expiryOf([inDays('a', 9), dated], object, day)?.rule.id).toBe('dated')
  })

  it('is not there without a rule that says one', () => {
    const others = [
      ruleFor({ prefix: 'x' }, { expiration: { days: 1 } }),
      ruleFor({}, { expiration: { aloneDeleteMarkers: true }, noncurrent: { days: 1 }, abortUploads: 1 }),
    ]
    expect(expiryOf(others, object, day)).toBeUndefined()
  })
})
