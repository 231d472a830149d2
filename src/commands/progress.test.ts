import { expect, test } from 'vitest'
import { progressBar } from './progress.ts'

function written(isTTY: boolean, ...steps: [number, number][]): string {
  let text = ''
  const write = (piece: string) => {
    text += piece
    return true
  }
  const bar = progressBar('disk.raw', { isTTY, write } as unknown as NodeJS.WriteStream)
  for (const [done, total] of steps) bar.update(done, total)
  bar.finish()
  return text
}
const mebibyte = 2 ** 20

test('moves on a terminal, and leaves its line at the end', () =>
  expect(written(true, [0, 3 * mebibyte], [mebibyte, 3 * mebibyte])).toBe(
    `\rdisk.raw [${'.'.repeat(30)}] 0/3 MiB \rdisk.raw [${'#'.repeat(10)}${'.'.repeat(20)}] 1/3 MiB \n`,
  ))

test('elsewhere is a line for each tenth', () => {
  const steps = Array.from({ length: 101 }, (_, index): [number, number] => [index * mebibyte, 100 * mebibyte])
  const lines = written(false, ...steps).split('\n')
  expect(lines).toHaveLength(12)
  expect(lines[1]).toBe('disk.raw 10 % 10/100 MiB')
})

test.each([
  ['of nothing is done', [[0, 0]], 'disk.raw 100 % 0/0 MiB\n'],
  ['never goes beyond its end', [[2 * mebibyte, mebibyte]], 'disk.raw 100 % 2/1 MiB\n'],
  ['that has not begun says nothing', [], ''],
] as [string, [number, number][], string][])('a bar %s', (_title, steps, expected) =>
  expect(written(false, ...steps)).toBe(expected),
)
