import { type Read, type Source, sourceOf, windowOf } from './bytes.ts'
import { openExt } from './ext.ts'
import { fileSystemOf } from './file-systems.ts'
import type { Unpack } from './initrd.ts'
import { type LinuxFound, linuxIn } from './linux.ts'
import { type Partition, partitionTableOf } from './partitions.ts'

/** A file system, in a partition or (number 0) on the bare disk. */
export interface FileSystemFound {
  readonly partition: number
  /** `ext4`, `xfs`, …; undefined for what is not known. */
  readonly type?: string
  readonly label?: string
  /** How large it says to be, of ext and XFS ones. */
  readonly bytes?: number
  /** What is in it, of file systems that can be read here: ext2, ext3 and ext4. */
  readonly linux?: LinuxFound
}

/** What boots a disk. */
export type Firmware = 'BIOS' | 'UEFI' | 'BIOS or UEFI' | 'none'

/** What a raw disk holds. */
export interface DiskContents {
  readonly table: 'mbr' | 'gpt' | 'none'
  readonly partitions: readonly Partition[]
  readonly fileSystems: readonly FileSystemFound[]
  /** `GRUB`, `SYSLINUX`, …; undefined when there is code of nobody known, or none. */
  readonly bootLoader?: string
  /** What lies behind its end, a sentence each without full stop: it is not whole. */
  readonly cutShort: readonly string[]
  /** By what firmware it boots, as far as its first sectors and partitions tell. */
  readonly firmware: Firmware
}

const mostFileSystems = 32

/**
 * Looks into a raw disk of `size` bytes without mounting anything: its partitions, file systems, boot loader, and the
 * Linux systems in its ext file systems. Rejects only when `read` does; what is damaged or hostile is not followed.
 */
export async function inspectContents(read: Read, size: number, unpack: Unpack): Promise<DiskContents> {
  const source = sourceOf(read, size)
  const bare = await fileSystemOf(source)
  const { kind, partitions, hasBootCode } = await partitionTableOf(source)
  // A FAT file system begins with a sector like an MBR, too.
  const isTable = kind !== 'none' && (bare === undefined || bare.type === 'iso9660' || bare.type.startsWith('ext'))
  const places = isTable ? partitions : []
  const fileSystems: FileSystemFound[] = []
  for (const { number, start, bytes } of places.slice(0, mostFileSystems)) {
    fileSystems.push(await look(windowOf(source, start, bytes), number, unpack))
  }
  if (bare && !isTable) fileSystems.push(await look(source, 0, unpack))
  // Every FAT file system begins with code, if only to say that it starts nothing.
  const isCode = hasBootCode && (isTable || bare?.type !== 'vfat')
  const bootLoader = hasBootCode ? await bootLoaderOf(source, places) : undefined
  return {
    table: isTable ? kind : 'none',
    partitions: places,
    fileSystems,
    ...(bootLoader !== undefined && { bootLoader }),
    cutShort: behindTheEnd(places, fileSystems, size),
    firmware: firmwareOf(startsByBios(isCode, kind, bootLoader, places), places),
  }
}

/** What partitions and file systems say to have behind the end of the disk: a download that broke off looks so. */
function behindTheEnd(partitions: readonly Partition[], systems: readonly FileSystemFound[], size: number): string[] {
  const cut = partitions.filter(({ start, bytes }) => start + bytes > size).map(({ number }) => number)
  const whole = systems.find(({ partition, bytes = 0 }) => partition === 0 && bytes > size)
  return [
    ...cut.map((number) => `partition ${number} ends behind the end of the disk: the file is cut short`),
    ...(whole ? [`its ${whole.type} file system has ${whole.bytes} bytes, the file ${size}: it is cut short`] : []),
  ]
}

async function look(source: Source, partition: number, unpack: Unpack): Promise<FileSystemFound> {
  const kind = await fileSystemOf(source)
  const files = kind?.type.startsWith('ext') ? await openExt(source) : undefined
  const linux = files && (await linuxIn(files, unpack))
  return { partition, ...kind, ...(linux && { linux }) }
}

const loaders = ['GRUB', 'SYSLINUX', 'EXTLINUX', 'ISOLINUX', 'LILO', 'BOOTMGR', 'NTLDR'] as const

/** The name that a boot loader has in the first sector, or in those of the partitions that it may lie in. */
async function bootLoaderOf(source: Source, partitions: readonly Partition[]): Promise<string | undefined> {
  const starts = [0, ...partitions.slice(0, 4).map(({ start }) => start)]
  for (const start of starts) {
    const text = (await source.at(start, 512))?.toString('latin1').toUpperCase() ?? ''
    const name = loaders.find((one) => text.includes(one))
    if (name !== undefined) return name
  }
  return undefined
}

/** Partitioning tools leave code in the first sector of a GPT disk that starts nothing. */
function startsByBios(
  hasBootCode: boolean,
  kind: 'mbr' | 'gpt' | 'none',
  bootLoader: string | undefined,
  partitions: readonly Partition[],
): boolean {
  return (
    hasBootCode && (kind !== 'gpt' || bootLoader !== undefined || partitions.some(({ use }) => use === 'bios-boot'))
  )
}

function firmwareOf(hasBootCode: boolean, partitions: readonly Partition[]): Firmware {
  const hasEfi = partitions.some(({ use }) => use === 'efi')
  if (hasBootCode) return hasEfi ? 'BIOS or UEFI' : 'BIOS'
  return hasEfi ? 'UEFI' : 'none'
}
