import { expect, test } from 'vitest'
import { partitionTable } from './mbr.ts'

test('a table holds type, start and length of each partition, and ends as a boot sector does', () => {
  const sector = partitionTable([
    { type: 'linux', start: 63, sectors: 131_072 },
    { type: 'swap', start: 131_135, sectors: 0xffff_ffff },
  ])
  expect(sector.length).toBe(512)
  expect(sector.subarray(446, 462).toString('hex')).toBe('00feffff83feffff3f00000000000200')
  expect(sector.subarray(462, 478).toString('hex')).toBe('00feffff82feffff3f000200ffffffff')
  expect(sector.subarray(478, 510).equals(Buffer.alloc(32))).toBe(true)
  expect(sector.subarray(510).toString('hex')).toBe('55aa')
  expect(sector.subarray(0, 440).equals(Buffer.alloc(440))).toBe(true)
})

test.each([
  ['five partitions', Array.from({ length: 5 }, () => ({ type: 'linux', start: 63, sectors: 1 }) as const)],
  ['a partition beyond 2 TiB', [{ type: 'linux', start: 2 ** 32, sectors: 1 } as const]],
])('refused: %s', (_, partitions) => {
  expect(() => partitionTable(partitions)).toThrow(RangeError)
})
