import { expect, test } from 'vitest'
import { diskSize } from './disk-size.ts'

test.each([
  ['5GiB', 5 * 2 ** 30],
  ['512MiB', 512 * 2 ** 20],
])('%s', (text, bytes) => expect(diskSize(text)).toBe(bytes))

test.each(['', '5', '5GB', '5 GiB', '-5GiB', '0GiB', '1.5GiB', '9999999GiB', 'GiB'])('%j is refused', (text) =>
  expect(() => diskSize(text)).toThrow(`--size takes a number with MiB or GiB behind it, not "${text}"`),
)
