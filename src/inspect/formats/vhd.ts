import { type Source, u64be } from '../bytes.ts'
import type { DiskHeader } from '../header.ts'

const footerBytes = 512
const types: Record<number, string> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' }

/** A VHD that begins with a copy of its footer: a dynamic or differencing one. */
export async function vhdHeader(source: Source): Promise<DiskHeader> {
  const footer = await source.at(0, footerBytes)
  if (!footer) return { format: 'vhd', problems: ['it ends within its header'] }
  const header = describe(footer)
  if (header.problems.length > 0) return header
  if (header.subformat !== 'dynamic') return { ...header, problems: ['its header and its footer do not agree'] }
  return { ...header, problems: await dynamicProblems(source, footer) }
}

/** A file that ends in the footer of a fixed VHD; undefined for any other. */
export async function vhdFooter(source: Source): Promise<DiskHeader | undefined> {
  const footer = await source.at(source.size - footerBytes, footerBytes)
  if (footer?.toString('latin1', 0, 8) !== 'conectix' || !hasItsSum(footer)) return undefined
  const header = describe(footer)
  if (header.subformat !== 'fixed') return { ...header, problems: [...header.problems, 'its header is missing'] }
  const isShort = u64be(footer, 48) > source.size - footerBytes
  return { ...header, problems: [...header.problems, isShort ? 'it is shorter than its disk' : ''].filter(Boolean) }
}

/** The ones' complement of the sum of all other bytes. */
function hasItsSum(bytes: Buffer, at = 64): boolean {
  let sum = 0
  for (const [index, byte] of bytes.entries()) if (index < at || index >= at + 4) sum += byte
  return ~sum >>> 0 === bytes.readUInt32BE(at)
}

function describe(footer: Buffer): DiskHeader {
  const subformat = types[footer.readUInt32BE(60)] ?? 'unknown'
  const problems = [
    hasItsSum(footer) ? '' : 'the checksum of its header is wrong',
    footer.readUInt32BE(12) === 0x0001_0000 ? '' : 'it is of a version that is not known',
    subformat === 'differencing' ? 'it rests on another file (its parent)' : '',
    subformat === 'unknown' ? 'it is of a type that is not known' : '',
  ].filter(Boolean)
  return { format: 'vhd', subformat, virtualBytes: u64be(footer, 48), problems }
}

/** Whether the header of a dynamic disk and its table lie in the file, and have room for all of the disk. */
async function dynamicProblems(source: Source, footer: Buffer): Promise<string[]> {
  const header = await source.at(u64be(footer, 16), 1024)
  if (header?.toString('latin1', 0, 8) !== 'cxsparse') return ['its second header is missing']
  const [table, entries, blockBytes] = [u64be(header, 16), header.readUInt32BE(28), header.readUInt32BE(32)]
  const isBlock = blockBytes >= 512 && Number.isInteger(Math.log2(blockBytes))
  return [
    hasItsSum(header, 36) ? '' : 'the checksum of its second header is wrong',
    header.subarray(40, 56).some((byte) => byte !== 0) ? 'it names another file as its parent' : '',
    isBlock && entries * blockBytes >= u64be(footer, 48) ? '' : 'its table is too short for its disk',
    table + entries * 4 > source.size ? 'its table lies beyond its end: it is cut short or damaged' : '',
  ].filter(Boolean)
}
