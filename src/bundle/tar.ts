import { type ByteReader, byteReader } from './byte-reader.ts'
import { BundleRefused } from './refusal.ts'
import { readSparseMap, sparseMember } from './sparse-member.ts'
import { readNumber, wrongSize } from './tar-numbers.ts'

const block = 512
/** Streams of tar tools are padded to records of 20 blocks. */
const record = 20 * block
/** No tool writes more padding behind its archive than this many bytes. */
const longestPadding = 1024 * 1024

/**
 * An archive with one regular member, as a stream: header, the image, padding, end marker, padding to a full record.
 * `name` is at most 100 bytes. Throws when the image does not have exactly `size` bytes.
 */
export async function* archive(
  name: string,
  size: number,
  image: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield header(name, size)
  let seen = 0
  for await (const chunk of image) {
    seen += chunk.length
    if (seen > size) break
    yield chunk
  }
  if (seen !== size) throw new Error(`the image was said to have ${size} bytes, but ${seen} or more came`)
  yield Buffer.alloc(archiveSize(size) - block - size)
}

/** The bytes of the archive that `archive` makes of an image of `size` bytes. */
export function archiveSize(size: number): number {
  const member = block + Math.ceil(size / block) * block
  return Math.ceil((member + 2 * block) / record) * record
}

function header(name: string, size: number): Buffer {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.length === 0 || bytes.length > 100) {
    throw new RangeError(`a bundle's name has 1 to 100 bytes, but ${JSON.stringify(name)} has ${bytes.length}`)
  }
  const head = Buffer.alloc(block)
  bytes.copy(head)
  head.write('0000644\x000000000\x000000000\x00', 100, 'latin1')
  writeSize(head, size)
  head.write('00000000000\x00        0', 136, 'latin1')
  head.write('ustar  \x00', 257, 'latin1')
  head.write(`${checksum(head).toString(8).padStart(6, '0')}\x00 `, 148, 'latin1')
  return head
}

/** Eleven octal digits, or from 8 GiB on the base-256 form of GNU tar, which Python's tarfile writes as well. */
function writeSize(head: Buffer, size: number): void {
  if (size < 8 ** 11) return void head.write(`${size.toString(8).padStart(11, '0')}\x00`, 124, 'latin1')
  head.writeUInt8(0x80, 124)
  head.writeBigUInt64BE(BigInt(size), 128)
}

function checksum(head: Buffer): number {
  let sum = 8 * 0x20
  for (const [index, byte] of head.entries()) if (index < 148 || index >= 156) sum += byte
  return sum
}

/**
 * The bytes of an archive's one regular member, whose size must be `size`. The member's name is ignored. It may be sparse
 * in GNU tar's own form, as AWS' bundling tool makes it (`tar -S`): then the holes are zeros. Links, devices, directories,
 * extended headers, a second member and bytes behind the end are refused.
 */
export async function* onlyMember(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const bytes = byteReader(source)
  try {
    const head = await bytes.exactly(block, 'within its header')
    const { stored, isSparse } = checkHeader(head)
    if (isSparse) {
      yield* sparseMember(bytes, await readSparseMap(head, bytes), { stored, size })
    } else {
      if (stored !== size) throw wrongSize(stored, size)
      yield* bytes.next(size)
    }
    await checkEnd(bytes, stored, size)
  } finally {
    await bytes.close()
  }
}

/** Behind the member are zeros: up to a whole block, the end marker of two blocks, and no more than tools add. */
async function checkEnd(bytes: ByteReader, stored: number, size: number): Promise<void> {
  let length = 0
  for await (const chunk of bytes.next(Number.POSITIVE_INFINITY)) {
    length += chunk.length
    if (chunk.some((byte) => byte !== 0)) throw new BundleRefused('the archive has bytes or members behind its image')
    if (length > longestPadding) throw new BundleRefused(`the archive goes on for ${length} bytes behind its image`)
  }
  const padding = (block - (stored % block)) % block
  if (length >= padding + 2 * block) return
  throw new BundleRefused(`the archive ends after ${bytes.position} bytes, before the end of an image of ${size} bytes`)
}

function checkHeader(head: Buffer): { stored: number; isSparse: boolean } {
  const magic = head.toString('latin1', 257, 263)
  const sum = readNumber(head.subarray(148, 156))
  if (!magic.startsWith('ustar') || sum !== checksum(head)) throw new BundleRefused('the archive has no tar header')
  const type = head.toString('latin1', 156, 157)
  if (type !== '0' && type !== '\x00' && type !== 'S') {
    throw new BundleRefused(`the archive's member is of type ${JSON.stringify(type)}, not a regular file`)
  }
  return { stored: readNumber(head.subarray(124, 136)), isSparse: type === 'S' }
}
