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
  expect(written(true, [1000, 3 * mebibyte], [mebibyte, 3 * mebibyte], [4 * mebibyte, 3 * mebibyte])).toBe(
    [
      `\rdisk.raw [${'.'.repeat(30)}] 1000 bytes of 3 MiB `,
      `\rdisk.raw [${'#'.repeat(10)}${'.'.repeat(20)}] 1 MiB of 3 MiB `,
      `\rdisk.raw [${'#'.repeat(30)}] 4 MiB of 3 MiB \n`,
    ].join(''),
  ))

test.each([
  [
    'of many steps',
    [mebibyte, 2 * mebibyte, 100 * mebibyte].map((done) => [done, 100 * mebibyte]),
    'disk.raw: 100 MiB\n',
  ],
  ['of a small file', [[9000, 10_000]], 'disk.raw: 10 KiB\n'],
  ['of a smaller one', [[1, 1023]], 'disk.raw: 1023 bytes\n'],
  ['that has not begun', [], ''],
] as [string, [number, number][], string][])('elsewhere a bar %s says one line at most', (_title, steps, expected) =>
  expect(written(false, ...steps)).toBe(expected),
)
