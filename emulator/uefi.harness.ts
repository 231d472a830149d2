import { open, readFile, stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { copySparse } from '../fixtures/sparse.ts'

/** A disk as vendors ship it that starts by UEFI alone: a GPT, an EFI system partition with a boot loader, a root. */

/** What a disk is made of, as files: systemd-boot, and a Linux as a paravirtual starter image has it. */
export interface UefiDiskParts {
  loader: string
  kernel: string
  ramdisk: string
  root: string
}

/** A file's bytes, or a folder's names. */
interface Tree {
  [name: string]: Buffer | Tree
}

const sector = 512
const megabyte = 2 ** 20 / sector
const efiSectors = 24 * megabyte
const efiType = '28732ac11ff8d211ba4b00a0c93ec93b'
const linuxType = 'af3dc60f838472478e793d69d8477de4'
const clusterBytes = 4 * sector
const fatSectors = 64
const rootEntries = 512

/** Puts number fields, [offset, width in bytes, value], where they belong. */
function fill(bytes: Buffer, fields: readonly (readonly [at: number, width: 1 | 2 | 4, value: number])[]): Buffer {
  for (const [at, width, value] of fields) bytes.writeUIntLE(value, at, width)
  return bytes
}

/** Both directory entries of a name of up to 13 characters: the long one, and a short one that nobody looks for. */
function entries(name: string, index: number, cluster: number, content: Buffer, isFolder: boolean): Buffer {
  const short = Buffer.from(`N${index}`.padEnd(11), 'latin1')
  const sum = short.reduce((value, byte) => (((value & 1) << 7) + (value >> 1) + byte) & 0xff, 0)
  const letters = Buffer.alloc(26, 0xff)
  letters.write(`${name}\0`.slice(0, 13), 'utf16le')
  const long = fill(Buffer.alloc(32), [
    [0, 1, 0x41],
    [11, 1, 0x0f],
    [13, 1, sum],
  ])
  letters.copy(long, 1, 0, 10)
  letters.copy(long, 14, 10, 22)
  letters.copy(long, 28, 22, 26)
  const plain = fill(Buffer.alloc(32), [
    [11, 1, isFolder ? 0x10 : 0x20],
    [26, 2, cluster],
    [28, 4, isFolder ? 0 : content.length],
  ])
  short.copy(plain)
  return Buffer.concat([long, plain])
}

/** A FAT16 file system of an EFI system partition's size that holds `tree`. */
function fat16(tree: Tree): Buffer {
  const table = fill(Buffer.alloc(fatSectors * sector), [[0, 4, 0xfffffff8]])
  const clusters: Buffer[] = []
  let names = 0
  const store = (content: Buffer): number => {
    const first = clusters.length + 2
    const count = Math.max(1, Math.ceil(content.length / clusterBytes))
    for (let index = 0; index < count; index += 1) {
      const next = index === count - 1 ? 0xffff : first + index + 1
      table.writeUInt16LE(next, (first + index) * 2)
      const cluster = Buffer.alloc(clusterBytes)
      content.copy(cluster, 0, index * clusterBytes)
      clusters.push(cluster)
    }
    return first
  }
  const folder = (part: Tree): Buffer =>
    Buffer.concat(
      Object.entries(part).map(([name, content]) => {
        const isFolder = !Buffer.isBuffer(content)
        const bytes = isFolder ? folder(content) : content
        names += 1
        return entries(name, names, store(bytes), bytes, isFolder)
      }),
    )
  const root = Buffer.alloc(rootEntries * 32)
  folder(tree).copy(root)
  const boot = fill(Buffer.alloc(sector), [
    [0, 4, 0x903ceb],
    [11, 2, sector],
    [13, 1, clusterBytes / sector],
    [14, 2, 1],
    [16, 1, 2],
    [17, 2, rootEntries],
    [19, 2, efiSectors],
    [21, 1, 0xf8],
    [22, 2, fatSectors],
    [510, 2, 0xaa55],
  ])
  boot.write('FAT16   ', 54, 'latin1')
  return Buffer.concat([boot, table, table, root, ...clusters])
}

/** A disk's tables of partitions, given as [type, first sector, sectors]: those at its start and those at its end. */
function gpt(partitions: readonly (readonly [type: string, start: number, sectors: number])[], sectors: number) {
  const list = Buffer.alloc(32 * sector)
  for (const [index, [type, start, length]] of partitions.entries()) {
    const at = index * 128
    list.write(type, at, 'hex')
    list.fill(index + 1, at + 16, at + 32)
    list.writeBigUInt64LE(BigInt(start), at + 32)
    list.writeBigUInt64LE(BigInt(start + length - 1), at + 40)
  }
  const header = (own: number, other: number, listAt: number) => {
    const bytes = fill(Buffer.alloc(sector), [
      [8, 4, 0x10000],
      [12, 4, 92],
      [24, 4, own],
      [32, 4, other],
      [40, 4, 34],
      [48, 4, sectors - 34],
      [72, 4, listAt],
      [80, 4, 128],
      [84, 4, 128],
      [88, 4, crc32(list)],
    ])
    bytes.write('EFI PART', 'latin1')
    bytes.fill(0xec, 56, 72)
    return fill(bytes, [[16, 4, crc32(bytes.subarray(0, 92))]])
  }
  const protective = fill(Buffer.alloc(sector), [
    [446 + 4, 1, 0xee],
    [446 + 8, 4, 1],
    [446 + 12, 4, sectors - 1],
    [510, 2, 0xaa55],
  ])
  return {
    start: Buffer.concat([protective, header(1, sectors - 1, 2), list]),
    end: Buffer.concat([list, header(sectors - 1, 1, sectors - 33)]),
  }
}

const entry = `title tiny
linux /linux
initrd /initrd
options root=/dev/vda2 console=ttyS0 no_timer_check quiet cryptomgr.notests nokaslr
`

/** Makes the disk at `target`: no BIOS finds anything in it to start. The root is its second partition. */
export async function createUefiDisk(target: string, parts: UefiDiskParts): Promise<void> {
  const partition = fat16({
    EFI: { BOOT: { 'BOOTX64.EFI': await readFile(parts.loader) } },
    loader: { 'loader.conf': Buffer.from('timeout 0\n'), entries: { 'tiny.conf': Buffer.from(entry) } },
    linux: await readFile(parts.kernel),
    initrd: await readFile(parts.ramdisk),
  })
  const rootSectors = (await stat(parts.root)).size / sector
  const rootStart = megabyte + efiSectors
  const sectors = rootStart + rootSectors + megabyte
  const tables = gpt(
    [
      [efiType, megabyte, efiSectors],
      [linuxType, rootStart, rootSectors],
    ],
    sectors,
  )
  const file = await open(target, 'wx', 0o600)
  try {
    await file.write(tables.start, 0, tables.start.length, 0)
    await file.write(partition, 0, partition.length, megabyte * sector)
    await copySparse(parts.root, file, rootStart * sector)
    await file.truncate(sectors * sector)
    await file.write(tables.end, 0, tables.end.length, (sectors - 33) * sector)
  } finally {
    await file.close()
  }
}
