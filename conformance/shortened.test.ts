import { expect, test } from 'vitest'
import { printable, shortened } from './shortened.ts'

test('a text of a size that somebody reads stays as it is', () => {
  expect(shortened('a word')).toBe('a word')
  expect(shortened('x'.repeat(4000))).toHaveLength(4000)
})

test('of a long one the beginning is left, up to the end of a word', () => {
  expect(shortened(`${'word '.repeat(799)}half-of-a-secret`)).toBe(`${'word '.repeat(799)}… (4011 characters)`)
  expect(shortened('x'.repeat(2e6))).toBe(`${'x'.repeat(3800)}… (2000000 characters)`)
})

test('what a cloud says moves no cursor', () =>
  expect(printable('\u001b[2J\u001b]0;owned\u0007gone\u009b31m')).toBe('gone\ufffd31m'))
