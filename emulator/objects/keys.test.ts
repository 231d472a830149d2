import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterPrefix, indexKey, longestIndexKey, partKey, seekKey } from './keys.ts'

const text = fc.string({ unit: 'binary', maxLength: 8 })
const key = (value: string) => indexKey(['bucket'], value)

describe('index keys', () => {
  it('sort as the UTF-8 bytes of names', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(Buffer.compare(key(a), key(b)))).toBe(
          Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
        )
      }),
    )
  })

  it('of parts sort by number', () => {
    const sorted = [1, 2, 255, 256, 10_000].map((number) => partKey('id', number))
    expect([...sorted].reverse().sort(Buffer.compare)).toEqual(sorted)
  })

  it('fit the longest names, and seeks the longest key', () => {
    expect(indexKey(['x'.repeat(255), 'k'.repeat(1024)], 'u'.repeat(44)).length).toBeLessThanOrEqual(longestIndexKey)
    expect(seekKey(['bucket'], Buffer.alloc(5000)).length).toBe(longestIndexKey)
  })
})

it('afterPrefix is the least key after all that begin so', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.uint8Array({ maxLength: 5 }), (prefix, other) => {
      const end = afterPrefix(prefix)
      if (end.length === 0) {
        expect(prefix.every((byte) => byte === 0xff)).toBe(true)
        return
      }
      const begins = Buffer.compare(other.subarray(0, prefix.length), prefix) === 0
      const within = Buffer.compare(other, prefix) >= 0 && Buffer.compare(other, end) < 0
      expect(within).toBe(begins)
    }),
  )
})
