/** Headers of disk files as the formats' documents have them, with what a test changes in them. */

/** Number fields of a header: [offset, width in bytes, value]. */
export type Field = readonly [at: number, width: 1 | 2 | 4 | 8, value: number | bigint]

function fill(bytes: Buffer, fields: readonly Field[], order: 'LE' | 'BE'): Buffer {
  for (const [at, width, value] of fields) {
    if (width === 8) bytes[`writeBigUInt64${order}`](BigInt(value), at)
    else bytes[`writeUInt${order}`](Number(value), at, width)
  }
  return bytes
}

/** A qcow2 file of version 3 with an empty disk of 1 GiB. */
export function qcow2(changes: readonly Field[] = [], size = 0x50_000): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.write('QFI\xfb', 'latin1')
  const fields: Field[] = [
    [4, 4, 3],
    [20, 4, 16],
    [24, 8, 2 ** 30],
    [36, 4, 2],
    [40, 8, 0x30_000],
    [48, 8, 0x10_000],
    [56, 4, 1],
    [96, 4, 4],
    [100, 4, 104],
  ]
  return fill(bytes, [...fields, ...changes], 'BE')
}

/** A dynamic VDI file of 1 GiB. */
export function vdi(changes: readonly Field[] = []): Buffer {
  const bytes = Buffer.alloc(2 ** 20)
  const fields: Field[] = [
    [64, 4, 0xbeda107f],
    [68, 4, 0x10001],
    [72, 4, 0x190],
    [76, 4, 1],
    [340, 4, 0x200],
    [344, 4, 0x2000],
    [360, 4, 512],
    [368, 8, 2 ** 30],
    [376, 4, 2 ** 20],
    [384, 4, 1024],
  ]
  return fill(bytes, [...fields, ...changes], 'LE')
}

/** Puts the ones' complement of the sum of all other bytes at a place. */
function withSum(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt32BE(0, at)
  let sum = 0
  for (const byte of bytes) sum += byte
  bytes.writeUInt32BE(~sum >>> 0, at)
  return bytes
}

/** The footer of a VHD of 1 MiB. */
function footer(changes: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(512)
  bytes.write('conectix', 'latin1')
  const fields: Field[] = [
    [8, 4, 2],
    [12, 4, 0x10000],
    [16, 8, 512],
    [40, 8, 2 ** 20],
    [48, 8, 2 ** 20],
    [60, 4, 3],
  ]
  return withSum(fill(bytes, [...fields, ...changes], 'BE'), 64)
}

/** A dynamic VHD; `second` changes its second header. */
export function dynamicVhd(changes: readonly Field[] = [], second: readonly Field[] = []): Buffer {
  const header = Buffer.alloc(1024)
  header.write('cxsparse', 'latin1')
  const fields: Field[] = [
    [8, 8, 0xffff_ffff_ffff_ffffn],
    [16, 8, 1536],
    [24, 4, 0x10000],
    [28, 4, 1],
    [32, 4, 2 ** 21],
  ]
  withSum(fill(header, [...fields, ...second], 'BE'), 36)
  return Buffer.concat([footer(changes), header, Buffer.alloc(512, 0xff), footer(changes)])
}

/** A fixed VHD: the disk, then the footer. */
export const fixedVhd = (changes: readonly Field[] = [], disk = 2 ** 20): Buffer =>
  Buffer.concat([Buffer.alloc(disk), footer([[16, 8, 0xffff_ffff_ffff_ffffn], [60, 4, 2], ...changes])])

/** The descriptor of a sparse VMDK in one file. */
export const descriptor = (also = '', type = 'monolithicSparse', extent = 'RW 2048 SPARSE "a.vmdk"'): string =>
  `# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType="${type}"\n${extent}\n${also}`

/** A sparse VMDK of 1 MiB. */
export function vmdk(text = descriptor(), changes: readonly Field[] = []): Buffer {
  const bytes = Buffer.alloc(64 * 1024)
  const fields: Field[] = [
    [4, 4, 1],
    [8, 4, 3],
    [12, 8, 2048],
    [20, 8, 128],
    [28, 8, 1],
    [36, 8, 20],
    [44, 4, 512],
    [48, 8, 21],
    [56, 8, 26],
    [64, 8, 128],
  ]
  bytes.write('KDMV', 'latin1')
  bytes.write(text, 512, 'latin1')
  return fill(bytes, [...fields, ...changes], 'LE')
}

/** A stream-optimised VMDK of 1 MiB: its header points to the footer before its end. */
export function streamVmdk(footerChanges: readonly Field[] = []): Buffer {
  const bytes = vmdk(descriptor('', 'streamOptimized'), [[56, 8, 0xffff_ffff_ffff_ffffn]])
  const last = fill(Buffer.from(bytes.subarray(0, 512)), [[56, 8, 26], ...footerChanges], 'LE')
  return Buffer.concat([bytes, last, Buffer.alloc(512)])
}

const parameters = '3767a1ca36fa434db3b633f0aa44e76b'
const virtualSize = '2442a52f1bcd7648b2115dbed83bf4b8'

/** A dynamic VHDX of 1 GiB; what `changes` changes is of the whole file, metadata at 2 MiB, its items 64 KiB behind. */
export function vhdx(changes: readonly Field[] = [], also: readonly string[] = []): Buffer {
  const bytes = Buffer.alloc(3 * 2 ** 20)
  bytes.write('vhdxfile', 'latin1')
  for (const at of [65_536, 131_072]) bytes.write('head', at, 'latin1')
  bytes.write('regi', 196_608, 'latin1')
  bytes.write('06a27c8b90479a4bb8fe575f050f886e', 196_624, 'hex')
  const metadata = 2 * 2 ** 20
  bytes.write('metadata', metadata, 'latin1')
  const items = [parameters, virtualSize, ...also]
  for (const [index, guid] of items.entries()) bytes.write(guid, metadata + 32 + index * 32, 'hex')
  const fields: Field[] = [
    [65_544, 8, 1],
    [131_080, 8, 2],
    [196_616, 4, 1],
    [196_640, 8, metadata],
    [196_648, 4, 2 ** 20],
    [metadata + 10, 2, items.length],
    [metadata + 48, 4, 65_536],
    [metadata + 80, 4, 65_544],
    [metadata + 65_536, 4, 2 ** 25],
    [metadata + 65_544, 8, 2 ** 30],
  ]
  return fill(bytes, [...fields, ...changes], 'LE')
}
