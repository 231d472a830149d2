import { type Source, u64be } from './bytes.ts'

/** A file system, or what else fills a partition. */
export interface FileSystemKind {
  readonly type: string
  readonly label?: string
  /** How large it says to be, of ext and XFS ones. */
  readonly bytes?: number
}

const magics: readonly (readonly [type: string, at: number, magic: string])[] = [
  ['xfs', 0, 'XFSB'],
  ['btrfs', 0x1_0040, '_BHRfS_M'],
  ['iso9660', 32_769, 'CD001'],
  ['swap', 4086, 'SWAPSPACE2'],
  ['LVM', 536, 'LVM2 001'],
  ['LUKS', 0, 'LUKS\xba\xbe'],
  ['ntfs', 3, 'NTFS    '],
  ['exfat', 3, 'EXFAT   '],
  ['squashfs', 0, 'hsqs'],
  ['vfat', 82, 'FAT32   '],
  ['vfat', 54, 'FAT1'],
]

const [hasJournal, ext4Incompat] = [0x4, 0x40 | 0x80 | 0x200]

/** Names the file system that a partition, or a whole disk, begins with; undefined for none that is known. */
export async function fileSystemOf(source: Source): Promise<FileSystemKind | undefined> {
  const ext = await source.at(1024, 1024)
  if (ext?.readUInt16LE(56) === 0xef53) {
    const label = ext.toString('utf8', 120, 136).split('\0')[0]
    const isExt4 = (ext.readUInt32LE(96) & ext4Incompat) !== 0
    const type = isExt4 ? 'ext4' : ext.readUInt32LE(92) & hasJournal ? 'ext3' : 'ext2'
    return { type, ...(label && { label }), ...sized(extBytes(ext)) }
  }
  for (const [type, at, magic] of magics) {
    if ((await source.at(at, magic.length))?.toString('latin1') !== magic) continue
    return { type, ...sized(type === 'xfs' ? await xfsBytes(source) : 0) }
  }
  return undefined
}

const sized = (bytes: number) => (bytes > 0 ? { bytes } : {})

/** The blocks of an ext file system, whose upper half counts where it has 64 bits. */
function extBytes(block: Buffer): number {
  const upper = block.readUInt32LE(96) & 0x80 ? block.readUInt32LE(336) : 0
  return (upper * 2 ** 32 + block.readUInt32LE(4)) * 2 ** (10 + Math.min(block.readUInt32LE(24), 6))
}

async function xfsBytes(source: Source): Promise<number> {
  const block = await source.at(0, 16)
  return block ? u64be(block, 8) * block.readUInt32BE(4) : 0
}
