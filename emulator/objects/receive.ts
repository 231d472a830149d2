import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { closeFile, type FileSpace, type NewFile } from './file-space.ts'
import type { FreeSpace } from './free-space.ts'
import { indexKey } from './keys.ts'
import type { Data } from './records.ts'
import type { Change, Tables } from './tables.ts'

/** Bytes that have arrived and that no record refers to yet. Exactly one of `keep` and `discard` must follow. */
export interface Received {
  readonly data: Data
  /** Hex MD5 of the bytes. */
  readonly md5: string
  /** To be called in the commit that makes a record refer to the data. */
  keep(writes: Change): void
  discard(): Promise<void>
}

/** What lies in the index; larger bytes get a file (architecture.md, decisions). */
export const largestInline = 64 * 1024

/** Where bytes can go, and how they are named. */
export interface Room {
  readonly tables: Tables
  readonly files: FileSpace
  readonly space: FreeSpace
  /** A random id, 32 hex digits. */
  readonly newId: () => string
  /** Another one that sorts behind those before it: so that small bytes that come together lie together in the index. */
  readonly nextId: () => string
}

/** Removes a file that no record refers to, then what reminds of it. */
export async function forgetFile({ tables, files }: Room, id: string): Promise<void> {
  await files.remove(id)
  await tables.unowned.remove(indexKey([], id))
}

/** A stream whose reader may say that it is done with bytes it was given: they may change from then on. */
export interface Body extends Readable {
  recycle?(bytes: Buffer): void
  /** All its bytes, of a small one that nobody reads yet. */
  whole?(): Promise<Buffer>
}

/** A body on its way into the store. */
export interface Incoming {
  readonly body: Body
  /** Hex MD5 of the body, asked for after its end; without it the store computes it. */
  readonly md5?: (() => string) | undefined
  /** Sees the bytes as they come: for a checksum of what no client sent. */
  readonly observe?: ((chunk: Buffer) => void) | undefined
}

type Chunks = AsyncIterator<Buffer, undefined> | Iterator<Buffer, undefined>

/** What is done with bytes before and after they are stored. */
interface Watch {
  update(chunk: Buffer): void
  stored(chunk: Buffer): void
}

/** So many bytes may wait for the write before them, and go to the file in one go then. */
const mostBehind = 2 ** 20

/** Writes chunks one behind the other, while the next ones come. */
function writeBehind({ files }: Room, file: NewFile, stored: Watch['stored']) {
  let waiting: Buffer[] = []
  let behind = 0
  let failure: unknown
  let writing: Promise<void> | undefined
  const write = async () => {
    try {
      while (waiting.length > 0) {
        const chunks = waiting
        waiting = []
        behind = 0
        await files.append(file, chunks)
        for (const chunk of chunks) stored(chunk)
      }
    } catch (error) {
      failure = error
    }
    // Here, and not when its promise is settled: what is pushed between the two would be left lying.
    writing = undefined
  }
  const finish = async () => {
    await writing
    if (failure) throw failure
  }
  return {
    /** Takes a chunk. Returns whether the disk is behind. Throws what an earlier write has thrown. */
    push(chunk: Buffer): boolean {
      if (failure) throw failure
      waiting.push(chunk)
      behind += chunk.length
      writing ??= write()
      return behind >= mostBehind
    },
    /** Resolves when all is written. */
    finish,
    /** Resolves when all is on the disk. */
    async sync() {
      await finish()
      await files.sync(file)
    },
    /** Resolves when nothing is being written any more, whatever became of it. */
    rest: async () => writing,
  }
}

/** Writes `first` and the remaining chunks to a file that is known as unowned before it exists. */
async function receiveFile(room: Room, first: Buffer, rest: Chunks, { update, stored }: Watch): Promise<Data> {
  const id = room.newId()
  await room.space.take(first.length, 'file')
  await room.tables.commit((writes) => writes.put(room.tables.unowned, indexKey([], id), true))
  try {
    const file = await room.files.create(id)
    const writer = writeBehind(room, file, stored)
    try {
      writer.push(first)
      let size = first.length
      for (let next = await rest.next(); !next.done; next = await rest.next()) {
        const taken = room.space.take(next.value.length, 'file')
        if (taken) await taken
        const isBehind = writer.push(next.value)
        update(next.value)
        if (isBehind) await writer.finish()
        size += next.value.length
      }
      await writer.sync()
      return { kind: 'file', id, size }
    } finally {
      await writer.rest()
      await closeFile(file)
    }
  } catch (error) {
    await forgetFile(room, id)
    throw error
  }
}

/**
 * Reads `body` to its end and puts its bytes where they stay. `md5` is asked for afterwards; without it the MD5 is
 * computed here. Throws what the body is destroyed with; then nothing is left behind.
 */
export async function receive(room: Room, { body, md5, observe }: Incoming): Promise<Received> {
  const hash = md5 ? undefined : createHash('md5')
  const update = (chunk: Buffer) => {
    hash?.update(chunk)
    observe?.(chunk)
  }
  const stored = (chunk: Buffer) => body.recycle?.(chunk)
  const digest = () => hash?.digest('hex') ?? md5?.() ?? ''
  const first: Buffer[] = []
  let size = 0
  // Not `for await`: leaving that early destroys the body, and with it the connection that awaits an answer.
  const chunks: Chunks = body.whole ? [await body.whole()].values() : body[Symbol.asyncIterator]()
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    update(next.value)
    first.push(next.value)
    size += next.value.length
    if (size <= largestInline) continue
    const [only, ...others] = first
    const beginning = only && others.length === 0 ? only : Buffer.concat(first)
    const data = await receiveFile(room, beginning, chunks, { update, stored })
    return {
      data,
      md5: digest(),
      keep: (writes) => writes.remove(room.tables.unowned, indexKey([], data.id)),
      discard: () => forgetFile(room, data.id),
    }
  }
  const taken = room.space.take(size, 'index')
  if (taken) await taken
  const data: Data = { kind: 'inline', id: room.nextId(), size }
  return {
    data,
    md5: digest(),
    keep: (writes) => writes.put(room.tables.inline, indexKey([], data.id), Buffer.concat(first)),
    discard: async () => {},
  }
}
