import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { shellWord } from './quoting.ts'

test.each([
  ['/plain/path-1.raw', '/plain/path-1.raw'],
  ['', "''"],
  ['~', "'~'"],
  ['my data', "'my data'"],
  ["it's $HOME", "'it'\\''s $HOME'"],
])('the word %j is written %s, and sh reads it as it was', (value, word) => {
  expect(shellWord(value)).toBe(word)
  expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(value)
})
