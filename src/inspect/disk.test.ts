import { expect, test } from 'vitest'
import { inspectContents } from './disk.ts'

const nothing = async function* (): AsyncGenerator<Uint8Array> {}
const sector = 512
const efi = '28732ac11ff8d211ba4b00a0c93ec93b'
const biosBoot = '4861682149646f6e744e656564454649'

/** A disk of 128 sectors: text at bytes, types of MBR partitions of 32 sectors each, types of GPT partitions likewise. */
function disk({
  texts = {},
  mbr = [],
  gpt = [],
}: {
  texts?: Record<number, string>
  mbr?: number[]
  gpt?: string[]
}): Buffer {
  const bytes = Buffer.alloc(128 * sector)
  for (const [at, text] of Object.entries(texts)) bytes.write(text, Number(at), 'latin1')
  for (const [index, type] of (gpt.length > 0 ? [0xee] : mbr).entries()) {
    bytes[446 + 16 * index + 4] = type
    bytes.writeUInt32LE(32 * (index + 1), 446 + 16 * index + 8)
    bytes.writeUInt32LE(32, 446 + 16 * index + 12)
  }
  if (mbr.length + gpt.length > 0) bytes.writeUInt16LE(0xaa55, 510)
  if (gpt.length > 0) {
    bytes.write('EFI PART', sector, 'latin1')
    bytes.writeBigUInt64LE(2n, sector + 72)
    bytes.writeUInt32LE(4, sector + 80)
    bytes.writeUInt32LE(128, sector + 84)
  }
  for (const [index, type] of gpt.entries()) {
    const at = 2 * sector + index * 128
    bytes.write(type, at, 'hex')
    bytes.writeBigUInt64LE(BigInt(32 * (index + 1)), at + 32)
    bytes.writeBigUInt64LE(BigInt(32 * (index + 2) - 1), at + 40)
  }
  return bytes
}
const grub = { 0: '\xebc', 384: 'GRUB ' }

test.each<[string, Buffer, object]>([
  ['GRUB on an MBR', disk({ texts: grub, mbr: [0x83] }), { table: 'mbr', firmware: 'BIOS', bootLoader: 'GRUB' }],
  ['nothing on an MBR', disk({ mbr: [0x83] }), { table: 'mbr', firmware: 'none' }],
  [
    'a loader in its partition',
    disk({ texts: { 0: '\xfa', [32 * sector + 3]: 'SYSLINUX' }, mbr: [0x83] }),
    { bootLoader: 'SYSLINUX' },
  ],
  ['an EFI partition alone', disk({ gpt: [efi] }), { table: 'gpt', firmware: 'UEFI' }],
  ['code that partitioning tools leave', disk({ texts: { 0: '\xfa\xb8' }, gpt: [efi] }), { firmware: 'UEFI' }],
  ['both', disk({ texts: grub, gpt: [efi, biosBoot] }), { table: 'gpt', firmware: 'BIOS or UEFI', bootLoader: 'GRUB' }],
  ['a partition for a BIOS', disk({ texts: { 0: '\xfa' }, gpt: [biosBoot] }), { firmware: 'BIOS' }],
  ['one for EFI on an MBR', disk({ mbr: [0xef] }), { table: 'mbr', firmware: 'UEFI' }],
  ['nothing', Buffer.alloc(4096), { table: 'none', firmware: 'none', fileSystems: [] }],
  ['less than a sector', Buffer.alloc(3), { table: 'none', firmware: 'none', fileSystems: [] }],
])('what boots a disk with %s', async (_what, bytes, found) => {
  const read = async (at: number, length: number) => bytes.subarray(at, at + length)
  expect(await inspectContents(read, bytes.length, nothing)).toMatchObject(found)
})

test('file systems are named by their partitions, and a bare one by 0', async () => {
  const at = (bytes: Buffer) => async (from: number, length: number) => bytes.subarray(from, from + length)
  const two = disk({ texts: { [32 * sector]: 'XFSB', [64 * sector + 1080]: '\x53\xef' }, mbr: [0x83, 0x83] })
  const { fileSystems } = await inspectContents(at(two), two.length, nothing)
  expect(fileSystems).toEqual([
    { partition: 1, type: 'xfs' },
    { partition: 2, type: 'ext2' },
  ])
  const bare = disk({ texts: { 54: 'FAT16', 510: '\x55\xaa' } })
  expect(await inspectContents(at(bare), bare.length, nothing)).toMatchObject({
    table: 'none',
    fileSystems: [{ partition: 0, type: 'vfat' }],
    firmware: 'none',
  })
})

/** An ext file system of so many blocks of 1 KiB, or an XFS one of 4 KiB. */
function sized(type: 'ext2' | 'xfs', blocks: number): Buffer {
  const bytes = Buffer.alloc(4096)
  bytes.write(type === 'xfs' ? 'XFSB' : '\x53\xef', type === 'xfs' ? 0 : 1080, 'latin1')
  if (type === 'xfs') bytes.writeUInt32BE(4096, 4)
  if (type === 'xfs') bytes.writeBigUInt64BE(BigInt(blocks), 8)
  else bytes.writeUInt32LE(blocks, 1028)
  return bytes
}

test.each<[string, Buffer, string[]]>([
  ['that is whole', disk({ mbr: [0x83, 0x83, 0x83] }), []],
  [
    'without its last partition',
    disk({ mbr: [0x83, 0x83] }).subarray(0, 90 * sector),
    ['partition 2 ends behind the end of the disk: the file is cut short'],
  ],
  [
    'without its last partition, by GPT',
    disk({ gpt: [efi, efi] }).subarray(0, 95 * sector),
    ['partition 2 ends behind the end of the disk: the file is cut short'],
  ],
  ['of one whole file system', sized('ext2', 4), []],
  ['of half a file system', sized('ext2', 5), ['its ext2 file system has 5120 bytes, the file 4096: it is cut short']],
  ['of one whole XFS', sized('xfs', 1), []],
  ['of half an XFS', sized('xfs', 2), ['its xfs file system has 8192 bytes, the file 4096: it is cut short']],
])('a disk %s is told so', async (_what, bytes, cutShort) => {
  const read = async (at: number, length: number) => bytes.subarray(at, at + length)
  expect((await inspectContents(read, bytes.length, nothing)).cutShort).toEqual(cutShort)
})
