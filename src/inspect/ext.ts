import type { Source } from './bytes.ts'
import { type BlockRun, blockRuns } from './ext-blocks.ts'

/** A read-only view of a file system. Paths are absolute; symbolic links are followed within it. */
export interface ReadableFiles {
  /** The names in a folder, without `.` and `..`; none when it is no folder. */
  list(path: string): Promise<string[]>
  /** A file's bytes, no more than `most`; undefined when there is no such file. */
  read(path: string, most?: number): Promise<Buffer | undefined>
  /** A file's bytes in order; undefined when there is no such file. */
  stream(path: string): Promise<AsyncIterable<Buffer> | undefined>
}

const [rootInode, mostLinks, longestFolder] = [2, 20, 8 * 2 ** 20]
const modes = { file: 0x8000, folder: 0x4000, link: 0xa000 }
/** Incompatible features that this reader knows: file types, a journal to replay, extents, 64 bits, flexible groups, checksum seeds, large folders. */
const known = 0x2 | 0x4 | 0x40 | 0x80 | 0x200 | 0x2000 | 0x4000

interface Inode {
  readonly mode: number
  readonly size: number
  readonly flags: number
  /** The 60 bytes that hold the map of its blocks, or a short link's target. */
  readonly map: Buffer
}

interface Geometry {
  readonly blockBytes: number
  readonly inodesPerGroup: number
  readonly inodeBytes: number
  readonly descriptorBytes: number
  readonly descriptorsAt: number
}

/**
 * Opens an ext2, ext3 or ext4 file system for reading (the kernel's documentation, filesystems/ext4). Undefined when it
 * is none, or uses what this small reader does not know. Whatever the bytes say, reads stay within them and end.
 */
export async function openExt(source: Source): Promise<ReadableFiles | undefined> {
  const geometry = geometryOf(await source.at(1024, 1024))
  return geometry && readableFiles(source, geometry)
}

function geometryOf(block: Buffer | undefined): Geometry | undefined {
  if (block?.readUInt16LE(56) !== 0xef53) return undefined
  const features = block.readUInt32LE(96)
  const [shift, inodesPerGroup] = [block.readUInt32LE(24), block.readUInt32LE(40)]
  const inodeBytes = block.readUInt32LE(76) === 0 ? 128 : block.readUInt16LE(88)
  const isKnown =
    (features & ~known) === 0 && shift <= 6 && inodesPerGroup > 0 && inodeBytes >= 128 && inodeBytes <= 4096
  if (!isKnown) return undefined
  const blockBytes = 1024 << shift
  const descriptorBytes = features & 0x80 ? Math.max(32, block.readUInt16LE(254)) : 32
  const descriptorsAt = (block.readUInt32LE(20) + 1) * blockBytes
  return { blockBytes, inodesPerGroup, inodeBytes, descriptorBytes, descriptorsAt }
}

function readableFiles(source: Source, geometry: Geometry): ReadableFiles {
  const find = (path: string) => resolve(source, geometry, path)
  return {
    async list(path) {
      const inode = await find(path)
      return isKind(inode, 'folder') ? [...(await entriesOf(source, geometry, inode)).keys()] : []
    },
    async read(path, most = 2 ** 20) {
      const inode = await find(path)
      return isKind(inode, 'file') ? collect(bytesOf(source, geometry, inode), most) : undefined
    },
    async stream(path) {
      const inode = await find(path)
      return isKind(inode, 'file') ? bytesOf(source, geometry, inode) : undefined
    },
  }
}

const isKind = (inode: Inode | undefined, kind: keyof typeof modes): inode is Inode =>
  inode !== undefined && (inode.mode & 0xf000) === modes[kind]

async function inodeAt(source: Source, geometry: Geometry, number: number): Promise<Inode | undefined> {
  const { inodesPerGroup, inodeBytes, descriptorBytes, descriptorsAt, blockBytes } = geometry
  const group = Math.floor((number - 1) / inodesPerGroup)
  const descriptor = await source.at(descriptorsAt + group * descriptorBytes, descriptorBytes)
  if (!descriptor) return undefined
  const high = descriptorBytes >= 64 ? descriptor.readUInt32LE(40) : 0
  const table = (high * 2 ** 32 + descriptor.readUInt32LE(8)) * blockBytes
  const bytes = await source.at(table + ((number - 1) % inodesPerGroup) * inodeBytes, inodeBytes)
  if (!bytes) return undefined
  const size = bytes.readUInt32LE(108) * 2 ** 32 + bytes.readUInt32LE(4)
  return { mode: bytes.readUInt16LE(0), size, flags: bytes.readUInt32LE(32), map: bytes.subarray(40, 100) }
}

/** The inode of a path, links followed; undefined when there is none. */
async function resolve(source: Source, geometry: Geometry, path: string): Promise<Inode | undefined> {
  const names = path.split('/').filter(Boolean)
  const folders = [rootInode]
  for (let links = 0; names.length > 0; ) {
    const name = names.shift() ?? ''
    if (name === '.') continue
    if (name === '..') {
      if (folders.length > 1) folders.pop()
      continue
    }
    const folder = await inodeAt(source, geometry, folders.at(-1) ?? rootInode)
    if (!isKind(folder, 'folder')) return undefined
    const number = (await entriesOf(source, geometry, folder)).get(name)
    const inode = number === undefined ? undefined : await inodeAt(source, geometry, number)
    if (number === undefined || !inode) return undefined
    if (isKind(inode, 'link')) {
      links++
      const target = await targetOf(source, geometry, inode)
      if (links > mostLinks || target === undefined) return undefined
      if (target.startsWith('/')) folders.length = 1
      names.unshift(...target.split('/').filter(Boolean))
    } else folders.push(number)
  }
  return inodeAt(source, geometry, folders.at(-1) ?? rootInode)
}

async function targetOf(source: Source, geometry: Geometry, inode: Inode): Promise<string | undefined> {
  if (inode.size > 4095) return undefined
  if (inode.size < 60) return inode.map.toString('utf8', 0, inode.size)
  return (await collect(bytesOf(source, geometry, inode), inode.size)).toString('utf8')
}

/** The names of a folder and their inodes. Its index, where it has one, looks like empty entries. */
async function entriesOf(source: Source, geometry: Geometry, folder: Inode): Promise<Map<string, number>> {
  const bytes = await collect(bytesOf(source, geometry, folder), longestFolder)
  const entries = new Map<string, number>()
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at + 4)
    const isEntry = length >= 8 && length % 4 === 0
    // A damaged block hides its own entries only.
    if (!isEntry) {
      at = (Math.floor(at / geometry.blockBytes) + 1) * geometry.blockBytes
      continue
    }
    const [number, nameBytes] = [bytes.readUInt32LE(at), bytes[at + 6] ?? 0]
    const name = bytes.toString('utf8', at + 8, at + 8 + nameBytes)
    if (number !== 0 && name !== '.' && name !== '..') entries.set(name, number)
    at += length
  }
  return entries
}

const longestPiece = 2 ** 20

/** A file's bytes: blocks that its map leaves out, or that lie outside, are zeros. */
async function* bytesOf(source: Source, geometry: Geometry, inode: Inode): AsyncGenerator<Buffer> {
  const { blockBytes } = geometry
  // A file cannot hold more than all of the disk, but for holes, which nothing here is looked for in.
  const size = Math.min(inode.size, source.size)
  let position = 0
  const zerosTo = function* (end: number) {
    while (position < end) {
      const length = Math.min(end - position, longestPiece)
      yield Buffer.alloc(length)
      position += length
    }
  }
  const runs: AsyncIterable<BlockRun> = blockRuns(source, inode, blockBytes)
  for await (const { logical, physical, count } of runs) {
    yield* zerosTo(Math.min(logical * blockBytes, size))
    const end = Math.min((logical + count) * blockBytes, size)
    for (let from = physical * blockBytes + (position - logical * blockBytes); position < end; ) {
      const length = Math.min(end - position, longestPiece)
      yield (await source.at(from, length)) ?? Buffer.alloc(length)
      position += length
      from += length
    }
    if (position >= size) return
  }
  yield* zerosTo(size)
}

/** The first bytes of a stream. */
async function collect(stream: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let total = 0
  for await (const piece of stream) {
    pieces.push(piece)
    total += piece.length
    if (total >= most) break
  }
  return Buffer.concat(pieces).subarray(0, most)
}
