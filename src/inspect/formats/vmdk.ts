import { type Source, u64le } from '../bytes.ts'
import type { DiskHeader } from '../header.ts'

const sector = 512
const atTheEnd = 0xffff_ffff_ffff_ffffn
const longestDescriptor = 64 * 1024
/** What QEMU looks at of a descriptor, however short it says to be: nothing may hide there. */
const leastDescriptor = 20 * sector
/** The kinds whose data is in the very file. */
const wholeTypes = ['monolithicSparse', 'streamOptimized']

const refused = (problem: string, also: Partial<DiskHeader> = {}): DiskHeader => ({
  format: 'vmdk',
  ...also,
  problems: [problem],
})

/** A VMDK that is text only: it names the files that hold the data. */
export async function vmdkDescriptor(source: Source): Promise<DiskHeader> {
  const bytes = await source.at(0, Math.min(source.size, longestDescriptor))
  const subformat = descriptorOf(bytes ?? Buffer.alloc(0)).createType
  return refused('its data is in other files (extents) that it only names', { ...(subformat && { subformat }) })
}

/** A VMDK that begins with the header of a sparse extent (Virtual Disk Format 5.0); its descriptor has to be within. */
export async function vmdkHeader(source: Source): Promise<DiskHeader> {
  const header = await source.at(0, sector)
  if (!header) return refused('it ends within its header')
  const sectors = u64le(header, 12)
  // QEMU takes such a file for a descriptor, and opens what that names.
  if (sectors === 0) return refused('it holds a disk of no bytes')
  const [start, length] = [u64le(header, 28) * sector, u64le(header, 36) * sector]
  const wanted = Math.min(Math.max(length, leastDescriptor), longestDescriptor)
  const text = await source.at(start, Math.min(wanted, source.size - start))
  if (start === 0 || length === 0 || !text) return refused('it is one part of a disk in several files')
  const descriptor = descriptorOf(text)
  const problems = [
    length > longestDescriptor ? 'its descriptor is longer than any' : '',
    ...descriptorProblems(descriptor),
    ...(await tableProblems(source, header)),
  ].filter(Boolean)
  const { createType } = descriptor
  return { format: 'vmdk', ...(createType && { subformat: createType }), virtualBytes: sectors * sector, problems }
}

interface Descriptor {
  readonly createType: string | undefined
  readonly parent: boolean
  /** Lines such as `RW 8192 SPARSE "disk.vmdk"`. */
  readonly extents: readonly string[]
}

function descriptorOf(bytes: Buffer): Descriptor {
  const [text = ''] = bytes.toString('latin1').split('\0')
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const value = (name: string) =>
    lines.find((line) => line.toLowerCase().replace(/\s/g, '').startsWith(`${name}=`))?.split('=')[1]
  const parentId = value('parentcid')?.trim().toLowerCase()
  return {
    createType: value('createtype')?.trim().replaceAll('"', '').slice(0, 40),
    // Anywhere: QEMU looks for the word, not for the line.
    parent: (parentId !== undefined && parentId !== 'ffffffff') || /parentfilenamehint/i.test(text),
    extents: lines.filter((line) => /^(RW|RDONLY|NOACCESS)\s/i.test(line)),
  }
}

function descriptorProblems({ createType, parent, extents }: Descriptor): string[] {
  const [extent = ''] = extents
  const isWhole = extents.length === 1 && /^RW\s+\d+\s+SPARSE\s+"[^"/\\]*"$/i.test(extent)
  return [
    parent ? 'it rests on another file (its parent)' : '',
    wholeTypes.includes(createType ?? '') ? '' : `its kind, ${createType || 'which it does not say'}, is not opened`,
    isWhole ? '' : 'its data is in other files (extents)',
  ].filter(Boolean)
}

/** The table of tables has to lie in the file; a stream's stands before its end, and a footer says where. */
async function tableProblems(source: Source, header: Buffer): Promise<string[]> {
  const isStream = header.readBigUInt64LE(56) === atTheEnd
  const used = isStream ? await source.at(source.size - 2 * sector, sector) : header
  if (used?.toString('latin1', 0, 4) !== 'KDMV') return ['its footer is missing: it is cut short']
  if (u64le(used, 12) !== u64le(header, 12)) return ['its header and its footer do not agree']
  const grain = u64le(used, 20)
  const grainsOfTable = used.readUInt32LE(44)
  if (grain < 1 || grain > 2 ** 17 || grainsOfTable < 1 || grainsOfTable > 512)
    return ['its tables are none that are known']
  const tables = Math.ceil(u64le(used, 12) / (grain * grainsOfTable))
  const end = u64le(used, 56) * sector + tables * 4
  return end > source.size ? ['its tables lie beyond its end: it is cut short or damaged'] : []
}
