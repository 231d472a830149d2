import type { ByteReader } from './byte-reader.ts'
import { BundleRefused } from './refusal.ts'
import { readNumber, wrongSize } from './tar-numbers.ts'

/** Where stored bytes lie in the image; between the regions are holes. */
interface Region {
  readonly offset: number
  readonly length: number
}

/** What the headers of a sparse member say. */
interface SparseMap {
  readonly regions: readonly Region[]
  /** Bytes of the image with its holes. */
  readonly size: number
}

const entry = 24
/** Regions of one image; 21 are in each 512 bytes of its headers. Data in every second block of 4 KiB of 8 GiB. */
const mostRegions = 1_048_576
const zeros = Buffer.alloc(256 * 1024)

/** Reads the map of a member of type S: four regions in its header, and 21 in each block that follows it. */
export async function readSparseMap(head: Buffer, bytes: ByteReader): Promise<SparseMap> {
  const regions: Region[] = []
  addRegions(regions, head.subarray(386, 386 + 4 * entry))
  for (let isExtended = head[482] !== 0; isExtended; ) {
    const more = await bytes.exactly(512, 'within the map of its holes')
    addRegions(regions, more.subarray(0, 21 * entry))
    isExtended = more[504] !== 0
    if (regions.length > mostRegions) throw new BundleRefused(`the archive's member has over ${mostRegions} pieces`)
  }
  return { regions, size: readNumber(head.subarray(483, 495)) }
}

function addRegions(regions: Region[], map: Buffer): void {
  for (let at = 0; at < map.length; at += entry) {
    // An entry that begins with a zero byte is not there: the map has ended.
    if (map[at] === 0) return
    const [offset, length] = [readNumber(map.subarray(at, at + 12)), readNumber(map.subarray(at + 12, at + entry))]
    regions.push({ offset, length })
  }
}

/** The image that a sparse member makes. Throws `BundleRefused` unless the map is in order and fits both sizes. */
export async function* sparseMember(
  bytes: ByteReader,
  { regions, size: mapped }: SparseMap,
  { stored, size }: { stored: number; size: number },
): AsyncGenerator<Uint8Array> {
  if (mapped !== size) throw wrongSize(mapped, size)
  let end = 0
  let total = 0
  for (const { offset, length } of regions) {
    // A number that cannot be read is NaN and fails both.
    if (!(offset >= end) || !(offset + length <= size)) {
      throw new BundleRefused("the pieces of the archive's member overlap, or are out of order or of the image")
    }
    end = offset + length
    total += length
  }
  if (total !== stored) {
    throw new BundleRefused(`the pieces of the archive's member have ${total} bytes, but its header says ${stored}`)
  }
  let position = 0
  for (const { offset, length } of regions) {
    yield* hole(offset - position)
    yield* bytes.next(length)
    position = offset + length
  }
  yield* hole(size - position)
}

function* hole(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length))
}
