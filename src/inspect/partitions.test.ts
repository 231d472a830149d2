import { expect, test } from 'vitest'
import { sourceOf } from './bytes.ts'
import { fileSystemOf } from './file-systems.ts'
import { partitionTableOf } from './partitions.ts'

const sector = 512
const sourceFor = (bytes: Buffer) => sourceOf(async (at, length) => bytes.subarray(at, at + length), bytes.length)

/** Puts entries of a boot sector, and its signature, at a sector: [type, start, sectors, active]. */
function table(disk: Buffer, at: number, ...entries: readonly (readonly [number, number, number, number?])[]): Buffer {
  for (const [index, [type, start, sectors, active = 0]] of entries.entries()) {
    const place = at * sector + 446 + 16 * index
    disk[place] = active
    disk[place + 4] = type
    disk.writeUInt32LE(start, place + 8)
    disk.writeUInt32LE(sectors, place + 12)
  }
  disk.writeUInt16LE(0xaa55, at * sector + 510)
  return disk
}
const disk = () => Buffer.alloc(64 * sector)

/** A GPT disk with an EFI system partition of sectors 40 to 49, and what its header says changed. */
function gpt(change: (header: Buffer) => void = () => undefined): Buffer {
  const bytes = table(disk(), 0, [0xee, 1, 63])
  bytes.write('EFI PART', sector, 'latin1')
  bytes.writeBigUInt64LE(2n, sector + 72)
  bytes.writeUInt32LE(4, sector + 80)
  bytes.writeUInt32LE(128, sector + 84)
  bytes.write('28732ac11ff8d211ba4b00a0c93ec93b', 2 * sector, 'hex')
  bytes.writeBigUInt64LE(40n, 2 * sector + 32)
  bytes.writeBigUInt64LE(49n, 2 * sector + 40)
  change(bytes.subarray(sector))
  return bytes
}

test('primary partitions, and whether there is code before them', async () => {
  const bytes = table(disk(), 0, [0x83, 1, 10, 0x80], [0, 0, 0], [0xef, 11, 5])
  const partitions = [
    { number: 1, start: 512, bytes: 5120, type: '0x83' },
    { number: 3, start: 11 * 512, bytes: 2560, type: '0xef', use: 'efi' },
  ]
  expect(await partitionTableOf(sourceFor(bytes))).toEqual({ kind: 'mbr', partitions, hasBootCode: false })
  bytes[3] = 1
  expect(await partitionTableOf(sourceFor(bytes))).toMatchObject({ hasBootCode: true })
})

test('logical partitions count from their own sector, links from the extended partition', async () => {
  const bytes = table(disk(), 0, [0x83, 1, 9], [0x05, 10, 50])
  table(bytes, 10, [0x83, 1, 4], [0x05, 20, 9])
  table(bytes, 30, [0x82, 2, 3])
  const { partitions } = await partitionTableOf(sourceFor(bytes))
  expect(partitions.map(({ number, start }) => [number, start / sector])).toEqual([
    [1, 1],
    [5, 11],
    [6, 32],
  ])
})

test.each<[string, Buffer, number]>([
  ['a ring of logical partitions', table(table(disk(), 0, [0x05, 10, 50]), 10, [0x83, 1, 4], [0x05, 0, 9]), 1],
  ['an extended partition that is empty', table(disk(), 0, [0x05, 10, 50]), 0],
  ['entries that are none (a boot sector of FAT)', table(disk(), 0, [0x83, 1, 9, 0x66]), 0],
  ['no signature', disk(), 0],
  ['a file of one byte', Buffer.alloc(1), 0],
  ['a GPT without header', gpt((header) => header.fill(0, 0, 8)), 0],
  ['a GPT of entries of no length', gpt((header) => header.writeUInt32LE(0, 84)), 0],
  ['a GPT whose entries lie elsewhere', gpt((header) => header.writeBigUInt64LE(1n << 60n, 72)), 0],
  ['a GPT of four billion entries', gpt((header) => header.writeUInt32LE(0xffff_ffff, 80)), 1],
])('%s', async (_what, bytes, count) =>
  expect((await partitionTableOf(sourceFor(bytes))).partitions).toHaveLength(count),
)

test('the entries of a GPT, with what they are for', async () => {
  const type = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'
  expect(await partitionTableOf(sourceFor(gpt()))).toEqual({
    kind: 'gpt',
    partitions: [{ number: 1, start: 40 * sector, bytes: 10 * sector, type, use: 'efi' }],
    hasBootCode: false,
  })
})

test.each([
  ['xfs', 0, 'XFSB'],
  ['btrfs', 0x1_0040, '_BHRfS_M'],
  ['iso9660', 32_769, 'CD001'],
  ['swap', 4086, 'SWAPSPACE2'],
  ['LVM', 536, 'LVM2 001'],
  ['vfat', 82, 'FAT32   '],
  ['vfat', 54, 'FAT16'],
  ['ext2', 1080, '\x53\xef'],
])('a file system: %s', async (type, at, magic) => {
  const bytes = Buffer.alloc(70_000)
  bytes.write(magic, at, 'latin1')
  expect(await fileSystemOf(sourceFor(bytes))).toEqual({ type })
  expect(await fileSystemOf(sourceFor(Buffer.alloc(70_000)))).toBeUndefined()
})
