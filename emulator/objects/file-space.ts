import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { privateFolder, syncFolder } from '../state/files.ts'

/** A file while it is written. */
export interface NewFile {
  readonly path: string
  readonly handle: FileHandle
  /** Bytes so far. */
  length: number
  /** Writes past the system's cache; null where it cannot. */
  direct?: FileHandle | null
}

/** What a file space asks of the system: tests put in one that traces what is synced when, and one that is full. */
export interface FileLayer {
  mkdir(path: string): Promise<unknown>
  /** Opens a new file, 0600. Throws when there is one. */
  create(path: string): Promise<NewFile>
  /** Writes to the end of the file, all pieces in one go. */
  append(file: NewFile, pieces: readonly Buffer[]): Promise<void>
  /** Has the file's bytes on disk. */
  sync(file: NewFile): Promise<void>
  /** Has the names in a folder on disk. */
  syncFolder(path: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Bytes that its disk has free. */
  free(path: string): Promise<number>
}

/** What is left of pieces without so many bytes of their beginning. */
function without(pieces: readonly Buffer[], bytes: number): Buffer[] {
  let skipped = bytes
  return pieces.flatMap((piece) => {
    const left = piece.subarray(skipped)
    skipped = Math.max(0, skipped - piece.length)
    return left.length > 0 ? [left] : []
  })
}

/** Writes pieces to the end of a file, through one of its handles. */
async function write(file: NewFile, handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  for (let left = pieces; left.length > 0; ) {
    const { bytesWritten } = await handle.writev([...left], file.length)
    file.length += bytesWritten
    left = without(left, bytesWritten)
  }
}

/** What a write past the cache is counted in: its memory, its place and its length. */
const page = 4096

const isInPages = ({ buffer, byteOffset, length }: Buffer) =>
  buffer instanceof SharedArrayBuffer && byteOffset % page === 0 && length % page === 0

const isRefused = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EINVAL'

/** The handle past the cache, opened for the first whole pages. */
async function directHandle(file: NewFile): Promise<FileHandle | null> {
  const { O_DIRECT } = constants
  // Not everywhere, and not on each file system where it is.
  if (O_DIRECT === undefined) return null
  return open(file.path, constants.O_WRONLY | O_DIRECT).catch((error: unknown) => {
    if (isRefused(error)) return null
    throw error
  })
}

/**
 * Writes whole pages past the system's cache: the disk works while more comes, rather than when all is to be synced,
 * and the bytes are copied once less. Returns what is left to write.
 */
async function writePages(file: NewFile, pieces: readonly Buffer[]): Promise<readonly Buffer[]> {
  const others = pieces.findIndex((piece) => !isInPages(piece))
  const pages = others < 0 ? pieces : pieces.slice(0, others)
  if (pages.length === 0 || file.length % page !== 0) return pieces
  file.direct = file.direct === undefined ? await directHandle(file) : file.direct
  if (!file.direct) return pieces
  const before = file.length
  try {
    await write(file, file.direct, pages)
    return pieces.slice(pages.length)
  } catch (error) {
    // This disk wants more of its pages than to be pages.
    if (!isRefused(error)) throw error
    await file.direct.close()
    file.direct = null
    return without(pieces, file.length - before)
  }
}

/** The host's files. */
export const hostFiles: FileLayer = {
  mkdir: (path) => mkdir(path, { recursive: true, mode: 0o700 }),
  create: async (path) => ({ path, handle: await open(path, 'wx', 0o600), length: 0 }),
  append: async (file, pieces) => write(file, file.handle, await writePages(file, pieces)),
  sync: ({ handle }) => handle.sync(),
  syncFolder,
  unlink,
  async free(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/** The host's files, for those who ask for speed alone: the system writes them to disk when it likes. */
export const unsyncedFiles: FileLayer = {
  ...hostFiles,
  append: (file, pieces) => write(file, file.handle, pieces),
  sync: async () => {},
  syncFolder: async () => {},
}

/** Ends the writing of a file. */
export async function closeFile({ handle, direct }: NewFile): Promise<void> {
  await direct?.close()
  await handle.close()
}

/** Files under random ids, two folders deep. A file is written once and never renamed or changed. */
export interface FileSpace extends Pick<FileLayer, 'append' | 'sync'> {
  /** Opens a new file of that id, 0600, whose name is on disk. */
  create(id: string): Promise<NewFile>
  /** The bytes from `start` to `end`, both counted, or fewer if the file ends before. */
  read(id: string, start: number, end: number, memory?: Memory): AsyncIterable<Buffer>
  /** Removes the file if it is there. */
  remove(id: string): Promise<void>
}

const isMissing = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** The path of a file below the root of its space. */
export const filePath = (root: string, id: string): string => join(root, id.slice(0, 2), id.slice(2, 4), id)

/** Bytes of one read: 1 MiB is 2.5 times as fast as the 64 KiB of Node's streams (performance.md, conclusion 5). */
const readSize = 2 ** 20

/** Memory for one read of so many bytes, 1 MiB at most. */
export type Memory = (size: number) => Buffer

const newMemory: Memory = (size) => Buffer.allocUnsafeSlow(size)

/**
 * Memory that is used again by every fourth read: for one who is done with a chunk when it takes the next but one, as a
 * stream is that is piped to a socket. New memory for every read costs as much as the reading, most of it in collecting
 * what was read before.
 */
export function sameMemory(): Memory {
  const blocks: Buffer[] = []
  let turn = -1
  return () => {
    turn = (turn + 1) % 4
    blocks[turn] ??= newMemory(readSize)
    return blocks[turn] as Buffer
  }
}

/** Reads a file, one read ahead of whoever takes the bytes. */
async function* readAhead(path: string, start: number, end: number, memory: Memory): AsyncGenerator<Buffer> {
  const file = await open(path)
  let position = start
  const next = () => {
    const size = Math.min(readSize, end + 1 - position)
    const read = file.read(memory(size), 0, size, position)
    position += size
    // It may fail while nobody waits for it yet; whoever does then is told.
    read.catch(() => undefined)
    return { size, read }
  }
  let ahead: ReturnType<typeof next> | undefined = next()
  try {
    while (ahead) {
      const { size, read }: ReturnType<typeof next> = ahead
      const { bytesRead, buffer } = await read
      if (bytesRead === 0) return
      // A read that brought less than was asked for is followed by one from there.
      position += bytesRead - size
      ahead = position <= end ? next() : undefined
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await ahead?.read.catch(() => undefined)
    await file.close()
  }
}

/** The files below `root`, which is made. */
export async function openFileSpace(root: string, layer: FileLayer = hostFiles): Promise<FileSpace> {
  await privateFolder(root)
  const folders = new Map<string, Promise<void>>()
  const pathOf = (id: string) => filePath(root, id)
  const folderOf = (id: string) => join(pathOf(id), '..')

  /** Makes a folder whose own name is on disk as well; everyone who needs it waits for that. */
  const durableFolder = (id: string) => {
    const folder = folderOf(id)
    const made = folders.get(folder) ?? makeFolder(folder)
    folders.set(folder, made)
    made.catch(() => folders.delete(folder))
    return made
  }
  const makeFolder = async (folder: string) => {
    await layer.mkdir(folder)
    await layer.syncFolder(join(folder, '..'))
    await layer.syncFolder(root)
  }

  return {
    append: layer.append,
    sync: layer.sync,
    async create(id) {
      await durableFolder(id)
      const file = await layer.create(pathOf(id))
      try {
        await layer.syncFolder(folderOf(id))
        return file
      } catch (error) {
        await closeFile(file)
        throw error
      }
    },
    read: (id, start, end, memory = newMemory) => readAhead(pathOf(id), start, end, memory),
    async remove(id) {
      try {
        await layer.unlink(pathOf(id))
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
  }
}
