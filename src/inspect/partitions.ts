import { type Source, u64le } from './bytes.ts'

const sector = 512
const mostPartitions = 128

/** A partition as its table has it; `start` and `bytes` in bytes. */
export interface Partition {
  readonly number: number
  readonly start: number
  readonly bytes: number
  /** `0x83` of an MBR, or the GUID of a GPT. */
  readonly type: string
  readonly use?: 'efi' | 'bios-boot'
}

/** What the first sectors of a disk say. */
export interface PartitionTable {
  readonly kind: 'mbr' | 'gpt' | 'none'
  readonly partitions: readonly Partition[]
  /** Whether a BIOS finds code in the first sector. */
  readonly hasBootCode: boolean
}

const uses: Record<string, 'efi' | 'bios-boot'> = {
  'c12a7328-f81f-11d2-ba4b-00a0c93ec93b': 'efi',
  '21686148-6449-6e6f-744e-656564454649': 'bios-boot',
  '0xef': 'efi',
}
const extendedTypes = [0x05, 0x0f, 0x85]

/** Reads an MBR, with the chain of its logical partitions, or a GPT. What no table can be made of has none. */
export async function partitionTableOf(source: Source): Promise<PartitionTable> {
  const first = await source.at(0, sector)
  if (first?.readUInt16LE(510) !== 0xaa55) return { kind: 'none', partitions: [], hasBootCode: false }
  const hasBootCode = first.subarray(0, 440).some((byte) => byte !== 0)
  const entries = entriesOf(first)
  if (!entries) return { kind: 'none', partitions: [], hasBootCode }
  if (entries.some(({ type }) => type === 0xee)) {
    return { kind: 'gpt', partitions: await gpt(source), hasBootCode }
  }
  const partitions = [...primary(entries), ...(await logical(source, entries))]
  return { kind: partitions.length > 0 ? 'mbr' : 'none', partitions, hasBootCode }
}

interface Entry {
  readonly number: number
  readonly type: number
  readonly start: number
  readonly sectors: number
}

/** The four entries of a boot sector; undefined when they are none: a file system may begin with such a sector, too. */
function entriesOf(bytes: Buffer): Entry[] | undefined {
  const all = [0, 1, 2, 3].map((index) => {
    const at = 446 + 16 * index
    const [active, type = 0] = [bytes[at], bytes[at + 4]]
    const entry = { number: index + 1, type, start: bytes.readUInt32LE(at + 8), sectors: bytes.readUInt32LE(at + 12) }
    return { entry, isGood: active === 0 || active === 0x80 }
  })
  if (all.some(({ isGood }) => !isGood)) return undefined
  return all.map(({ entry }) => entry).filter(({ type, sectors }) => type !== 0 && sectors > 0)
}

const partition = ({ number, type, start, sectors }: Entry): Partition => {
  const name = `0x${type.toString(16).padStart(2, '0')}`
  const use = uses[name]
  return { number, start: start * sector, bytes: sectors * sector, type: name, ...(use && { use }) }
}

const primary = (entries: readonly Entry[]) =>
  entries.filter(({ type }) => !extendedTypes.includes(type)).map((entry) => partition(entry))

/** The chain of boot sectors of an extended partition, each with one partition and where the next one is. */
async function logical(source: Source, entries: readonly Entry[]): Promise<Partition[]> {
  const extended = entries.find(({ type }) => extendedTypes.includes(type))
  const found: Partition[] = []
  let next = extended?.start
  while (extended && next !== undefined && found.length < mostPartitions) {
    const bytes: Buffer | undefined = await source.at(next * sector, sector)
    const [own, link] = bytes?.readUInt16LE(510) === 0xaa55 ? (entriesOf(bytes) ?? []) : []
    if (own && !extendedTypes.includes(own.type)) {
      found.push(partition({ ...own, number: 5 + found.length, start: next + own.start }))
    }
    // Links count from the extended partition, and only go on: a ring would have no end.
    const following = link && extendedTypes.includes(link.type) ? extended.start + link.start : undefined
    next = following !== undefined && following > next ? following : undefined
  }
  return found
}

async function gpt(source: Source): Promise<Partition[]> {
  const header = await source.at(sector, 92)
  if (header?.toString('latin1', 0, 8) !== 'EFI PART') return []
  const [count, width] = [Math.min(header.readUInt32LE(80), mostPartitions), header.readUInt32LE(84)]
  if (width < 128 || width > 4096) return []
  const bytes = await source.at(u64le(header, 72) * sector, count * width)
  const entries = Array.from({ length: bytes ? count : 0 }, (_, index) => {
    const entry = bytes?.subarray(index * width, index * width + width) ?? Buffer.alloc(width)
    const type = guid(entry)
    const [first, last] = [u64le(entry, 32), u64le(entry, 40)]
    const use = uses[type]
    const place = { start: first * sector, bytes: (last - first + 1) * sector }
    return { number: index + 1, ...place, type, ...(use && { use }) }
  })
  return entries.filter(({ type, start, bytes }) => !type.startsWith('00000000-0000') && start > 0 && bytes > 0)
}

/** A GUID as it is written: its first three parts are little-endian in the file. */
function guid(bytes: Buffer): string {
  const part = (start: number, end: number) => bytes.subarray(start, end).toString('hex')
  const turned = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).reverse().toString('hex')
  return [turned(0, 4), turned(4, 6), turned(6, 8), part(8, 10), part(10, 16)].join('-')
}
