import { type Read, type Source, sourceOf } from './bytes.ts'
import { qcow2Header } from './formats/qcow2.ts'
import { vdiHeader } from './formats/vdi.ts'
import { vhdFooter, vhdHeader } from './formats/vhd.ts'
import { vhdxHeader } from './formats/vhdx.ts'
import { vmdkDescriptor, vmdkHeader } from './formats/vmdk.ts'

/** What a file is by its own bytes, never by its name. The formats after `iso` hold no disk that can be read in place. */
export type DiskFormat =
  | 'raw'
  | 'qcow2'
  | 'vmdk'
  | 'vhd'
  | 'vhdx'
  | 'vdi'
  | 'iso'
  | 'gzip'
  | 'xz'
  | 'zstd'
  | 'bzip2'
  | 'lz4'
  | 'zip'
  | 'tar'
  | 'qcow'
  | 'qed'
  | 'parallels'
  | 'luks'

/** What the header of a disk file says. */
export interface DiskHeader {
  readonly format: DiskFormat
  /** `streamOptimized`, `monolithicSparse`, `fixed`, `dynamic`, `v2`, `v3`, …: as the format names it. */
  readonly subformat?: string
  /** The size that a guest sees, in bytes; not known of what is compressed. */
  readonly virtualBytes?: number
  /** Sentences without full stop that say why the file must not be opened; empty: it may be, in this very format. */
  readonly problems: readonly string[]
}

/** More than any cloud's volume has: no disk of this size was made in earnest. 64 TiB. */
export const absurdBytes = 2 ** 46

/** What begins so is of this format; what `examine` needs lies further on. */
interface Signature {
  readonly magic: string
  readonly at?: number
  readonly format: DiskFormat
  readonly examine?: (source: Source) => Promise<DiskHeader>
}

const signatures: readonly Signature[] = [
  { magic: 'QFI\xfb\0\0\0\x01', format: 'qcow' },
  { magic: 'QFI\xfb', format: 'qcow2', examine: qcow2Header },
  { magic: 'KDMV', format: 'vmdk', examine: vmdkHeader },
  { magic: 'COWD', format: 'vmdk' },
  { magic: '# Disk DescriptorFile', format: 'vmdk', examine: vmdkDescriptor },
  { magic: 'conectix', format: 'vhd', examine: vhdHeader },
  { magic: 'vhdxfile', format: 'vhdx', examine: vhdxHeader },
  { magic: '\x7f\x10\xda\xbe', at: 64, format: 'vdi', examine: vdiHeader },
  { magic: 'QED\0', format: 'qed' },
  { magic: 'WithoutFreeSpace', format: 'parallels' },
  { magic: 'WithouFreSpacExt', format: 'parallels' },
  { magic: 'LUKS\xba\xbe', format: 'luks', examine: async () => encrypted },
  { magic: '\x1f\x8b\x08', format: 'gzip', examine: async () => ({ format: 'gzip', problems: [] }) },
  { magic: '\xfd7zXZ\0', format: 'xz', examine: async () => ({ format: 'xz', problems: [] }) },
  { magic: '\x28\xb5\x2f\xfd', format: 'zstd', examine: async () => ({ format: 'zstd', problems: [] }) },
  { magic: 'BZh', format: 'bzip2' },
  { magic: '\x04\x22\x4d\x18', format: 'lz4' },
  { magic: 'PK\x03\x04', format: 'zip' },
  { magic: 'ustar', at: 257, format: 'tar', examine: async () => ({ format: 'tar', problems: [] }) },
  // Last: an ISO image may begin with anything, a partition table for one.
  { magic: 'CD001', at: 32_769, format: 'iso', examine: async ({ size }) => whole('iso', size) },
]

const encrypted: DiskHeader = {
  format: 'luks',
  problems: ['it is encrypted (LUKS), and nobody can type its passphrase'],
}

const whole = (format: 'raw' | 'iso', size: number): DiskHeader => ({ format, virtualBytes: size, problems: [] })

/**
 * Tells the format of a disk file and whatever makes it unfit to be opened: other files that it would have opened with
 * it, encryption, sizes that no disk has, tables outside of the file. `read` gives bytes of a file of `size` bytes, which
 * may be hostile: a few pages are read, whatever it says. Rejects only when `read` does.
 *
 * What is called raw has to be opened as raw, with the format stated: probing again would ask its first bytes, and those
 * are a guest's to write.
 */
export async function inspectHeader(read: Read, size: number): Promise<DiskHeader> {
  const source = sourceOf(read, size)
  if (size === 0) return { format: 'raw', virtualBytes: 0, problems: ['it is empty'] }
  for (const { magic, at = 0, format, examine } of signatures) {
    const found = await source.at(at, magic.length)
    if (found?.toString('latin1') !== magic) continue
    return withSize(await (examine?.(source) ?? { format, problems: [notOpened(format)] }))
  }
  return withSize((await vhdFooter(source)) ?? whole('raw', size))
}

const notOpened = (format: DiskFormat) =>
  `the format ${format}, as this file has it, is not opened: make a raw, qcow2 or stream-optimised VMDK file of it`

/** A header with what its size is a problem for. */
function withSize(header: DiskHeader): DiskHeader {
  const { virtualBytes, problems } = header
  if (virtualBytes === undefined) return header
  const problem = virtualBytes > absurdBytes ? `it says to hold ${virtualBytes} bytes, more than any disk` : undefined
  const nothing = virtualBytes === 0 ? 'it holds a disk of no bytes' : undefined
  return { ...header, problems: [...problems, problem, nothing].filter((one) => one !== undefined) }
}
