import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addWords, finish } from './checksum.ts'

/** The checksum of RFC 1071 as it is defined: word by word. */
function byDefinition(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return ~sum & 0xffff
}

test('is that of the definition, at any place of any bytes', () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 700, size: 'max' })
  fc.assert(
    fc.property(bytes, fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.nat({ max: 9 }), (all, offset, from, less) => {
      const inside = Buffer.alloc(offset + all.length).subarray(offset)
      inside.set(all)
      const start = Math.min(from, all.length)
      const end = Math.max(start, all.length - less)
      expect(finish(addWords(0, inside, start, end))).toBe(byDefinition(all.subarray(start, end)))
    }),
    { numRuns: 500 },
  )
})

test.each([0, 1, 2, 3])('counts all carries of the longest packet of ones, %i bytes off', (offset) => {
  const ones = Buffer.alloc(65_535 + offset, 255)
  const expected = byDefinition(ones.subarray(offset))
  expect(finish(addWords(0, ones, offset, ones.length))).toBe(expected)
  const middle = offset + 20_000
  expect(finish(addWords(addWords(0, ones, offset, middle), ones, middle, ones.length))).toBe(expected)
})
