import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FileSpace } from './file-space.ts'
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
}

/** Removes a file that no record refers to, then what reminds of it. */
export async function forgetFile({ tables, files }: Room, id: string): Promise<void> {
  await files.remove(id)
  await tables.unowned.remove(indexKey([], id))
}

/** A body on its way into the store. */
export interface Incoming {
  readonly body: Readable
  /** Hex MD5 of the body, asked for after its end; without it the store computes it. */
  readonly md5?: (() => string) | undefined
  /** Sees the bytes as they come: for a checksum of what no client sent. */
  readonly observe?: ((chunk: Buffer) => void) | undefined
}

type Chunks = AsyncIterator<Buffer, undefined>

/** Writes `first` and the remaining chunks to a file that is known as unowned before it exists. */
async function receiveFile(room: Room, first: Buffer, rest: Chunks, hash: (chunk: Buffer) => void): Promise<Data> {
  const id = room.newId()
  await room.space.take(first.length, 'file')
  await room.tables.commit((writes) => writes.put(room.tables.unowned, indexKey([], id), true))
  try {
    const file = await room.files.create(id)
    try {
      await room.files.append(file, first)
      let size = first.length
      for (let next = await rest.next(); !next.done; next = await rest.next()) {
        const taken = room.space.take(next.value.length, 'file')
        if (taken) await taken
        const written = room.files.append(file, next.value)
        hash(next.value)
        await written
        size += next.value.length
      }
      await room.files.sync(file)
      return { kind: 'file', id, size }
    } finally {
      await file.close()
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
  const digest = () => hash?.digest('hex') ?? md5?.() ?? ''
  const first: Buffer[] = []
  let size = 0
  // Not `for await`: leaving that early destroys the body, and with it the connection that awaits an answer.
  const chunks: Chunks = body[Symbol.asyncIterator]()
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    update(next.value)
    first.push(next.value)
    size += next.value.length
    if (size <= largestInline) continue
    const data = await receiveFile(room, Buffer.concat(first), chunks, update)
    return {
      data,
      md5: digest(),
      keep: (writes) => writes.remove(room.tables.unowned, indexKey([], data.id)),
      discard: () => forgetFile(room, data.id),
    }
  }
  const taken = room.space.take(size, 'index')
  if (taken) await taken
  const data: Data = { kind: 'inline', id: room.newId(), size }
  return {
    data,
    md5: digest(),
    keep: (writes) => writes.put(room.tables.inline, indexKey([], data.id), Buffer.concat(first)),
    discard: async () => {},
  }
}
