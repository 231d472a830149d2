import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexKey } from './keys.ts'
import { type PageRequest, page } from './paging.ts'

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Counts how often a page seeks and how many rows it looks at. */
function scanOf(names: readonly string[]) {
  const sorted = [...new Set(names)].sort(bytewise)
  const seen = { seeks: 0, rows: 0 }
  function* scan(start: Uint8Array) {
    seen.seeks += 1
    for (const name of sorted) {
      if (Buffer.compare(Buffer.from(name), start) < 0) continue
      seen.rows += 1
      yield { name, row: name }
    }
  }
  return { scan, sorted, seen }
}

/** What S3 says a listing is: keys and common prefixes after a name, counted alike. */
function model(names: readonly string[], { prefix, delimiter, after, limit }: PageRequest) {
  const rolled = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => {
      const at = delimiter ? name.indexOf(delimiter, prefix.length) : -1
      return at < 0 ? `key ${name}` : `prefix ${name.slice(0, at + delimiter.length)}`
    })
  const nameOf = (entry: string) => entry.slice(entry.indexOf(' ') + 1)
  const left = [...new Set(rolled)]
    .sort((a, b) => bytewise(nameOf(a), nameOf(b)))
    .filter((entry) => after === '' || bytewise(nameOf(entry), after) > 0)
  return { entries: left.slice(0, limit), truncated: limit > 0 && left.length > limit }
}

const start = ({ after }: PageRequest) => (after === '' ? undefined : indexKey([after]))
const shown = (entries: ReturnType<typeof page<string>>['entries']) =>
  entries.map((entry) => ('commonPrefix' in entry ? `prefix ${entry.commonPrefix}` : `key ${entry.name}`))
const word = fc
  .array(fc.constantFrom('a', 'b', '/', '//', '\u0000', '\u0001', '\uffff', '😀', 'é', '~'), { maxLength: 4 })
  .map((pieces) => pieces.join(''))

it('equals the model', () => {
  const request = fc.record({
    prefix: fc.oneof(fc.constant(''), word),
    delimiter: fc.oneof(fc.constant(''), fc.constantFrom('/', 'a', '//', '😀')),
    after: fc.oneof(fc.constant(''), word),
    limit: fc.integer({ min: 0, max: 6 }),
  })
  fc.assert(
    fc.property(fc.array(word.filter(Boolean), { maxLength: 20 }), request, (names, wanted) => {
      const { scan, sorted } = scanOf(names)
      const { entries, truncated } = page(scan, wanted, start(wanted))
      expect({ entries: shown(entries), truncated }).toEqual(model(sorted, wanted))
    }),
    { numRuns: 3000 },
  )
})

it('shows everything once, page by page', () => {
  fc.assert(
    fc.property(fc.array(word.filter(Boolean), { maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (names, limit) => {
      const { scan, sorted } = scanOf(names)
      const all = { prefix: '', delimiter: '/', after: '', limit: 1000 }
      const found: string[] = []
      for (let after = '', more = true; more; ) {
        const { entries, truncated } = page(scan, { ...all, after, limit }, start({ ...all, after }))
        found.push(...shown(entries))
        const last = entries.at(-1)
        after = last ? ('commonPrefix' in last ? last.commonPrefix : last.name) : after
        more = truncated
      }
      expect(found).toEqual(model(sorted, all).entries)
    }),
    { numRuns: 500 },
  )
})

describe('the cost', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `${i % 10}/${i}`)
  it('of a page is that of its entries', () => {
    const { scan, seen } = scanOf(names)
    page(scan, { prefix: '', delimiter: '', after: '', limit: 10 })
    expect(seen).toEqual({ seeks: 1, rows: 11 })
  })

  it('of common prefixes is a seek each', () => {
    const { scan, seen } = scanOf(names)
    expect(page(scan, { prefix: '', delimiter: '/', after: '', limit: 1000 }).entries).toHaveLength(10)
    expect(seen).toEqual({ seeks: 11, rows: 10 })
  })
})
