import { describe, expect, test } from 'vitest'
import { bytesOf, newKey, settle } from './kills-model.contract.ts'

const [a, b] = [
  { token: 'a', size: 10 },
  { token: 'b', size: 20 },
]

describe('the model of a key', () => {
  test.each<[string, Parameters<typeof settle>[1], boolean]>([
    ['what was acknowledged', bytesOf(a), true],
    ['what was under way', bytesOf(b), true],
    ['nothing', undefined, false],
    ['half of what was under way', bytesOf(b).subarray(0, 10), false],
    ['other bytes', Buffer.alloc(10), false],
  ])('holds %s', (_what, found, isRight) => {
    const model = { ...newKey('bucket', 'key'), acknowledged: a, pending: { content: b } }
    expect(settle(model, found) === undefined).toBe(isRight)
    expect(model.pending).toBe(undefined)
  })

  test('of a deletion under way holds nothing, and then no more what it held', () => {
    const model = { ...newKey('bucket', 'key'), acknowledged: a, pending: { content: undefined } }
    expect(settle(model, undefined)).toBe(undefined)
    expect(settle(model, bytesOf(a))).toMatch(/^bucket\/key holds 10 bytes/)
  })
})
