import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type FileSpace, type Memory, sameMemory } from './file-space.ts'
import { indexKey } from './keys.ts'
import type { Leases } from './leases.ts'
import type { Room } from './receive.ts'
import type { Data, Piece } from './records.ts'
import type { Change, Tables } from './tables.ts'

/** First and last byte, both counted. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Bytes that stay readable, whoever overwrites or removes them, until they are let go. */
export interface HeldData {
  /** The parts of a completed upload; else one piece, the whole. */
  readonly pieces: readonly Piece[]
  /**
   * Streams a range. The data is let go when the stream is closed. Of a stream that is only ever piped to a socket the
   * chunks may be written over behind it.
   */
  stream(range: ByteRange, options?: { readonly isPiped: boolean }): Readable
  /** The bytes of a range, where they are at hand: of small objects. Nothing is let go by it. */
  atHand(range: ByteRange): Buffer | undefined
  /** To be called when nothing is streamed. */
  letGo(): void
}

/** The pieces that hold the bytes, in order: of a completed upload its parts, else the data itself. */
export function piecesOf({ layouts }: Tables, data: Data): readonly Piece[] {
  return data.kind === 'parts' ? (layouts.get(indexKey([], data.id)) ?? []) : [data]
}

/** The ETag of an object that an upload made, from the hex MD5s of its parts. */
export function etagOfParts(md5s: readonly string[]): string {
  const md5 = createHash('md5')
    .update(Buffer.from(md5s.join(''), 'hex'))
    .digest('hex')
  return `${md5}-${md5s.length}`
}

async function* bytesOf(
  files: FileSpace,
  inline: ReadonlyMap<string, Buffer>,
  pieces: readonly Data[],
  range: ByteRange,
  memory: Memory | undefined,
): AsyncGenerator<Buffer> {
  let offset = 0
  for (const { id, kind, size } of pieces) {
    const start = Math.max(range.start - offset, 0)
    const end = Math.min(range.end - offset, size - 1)
    offset += size
    if (start > end) continue
    let missing = end - start + 1
    const chunks = kind === 'file' ? files.read(id, start, end, memory) : [inline.get(id)?.subarray(start, end + 1)]
    for await (const chunk of chunks) {
      if (!chunk) continue
      missing -= chunk.length
      yield chunk
    }
    if (missing > 0) throw new Error(`data ${id}: ${missing} of ${size} bytes are missing`)
  }
}

/** Holds data for one reader. It happens at once, so a record that was just read is sure to have its bytes. */
export function hold({ tables, files }: Room, leases: Leases, data: Data): HeldData {
  if (data.kind === 'inline') return holdInline(data, tables.inline.get(indexKey([], data.id)))
  const pieces = piecesOf(tables, data)
  const letGo = leases.take(pieces.filter(({ kind }) => kind === 'file').map(({ id }) => id))
  const inline = new Map<string, Buffer>()
  for (const { id, kind } of pieces) {
    const bytes = kind === 'inline' ? tables.inline.get(indexKey([], id)) : undefined
    if (bytes) inline.set(id, bytes)
  }
  return {
    pieces,
    letGo,
    atHand: () => undefined,
    stream(range, { isPiped } = { isPiped: false }) {
      const memory = isPiped ? sameMemory() : undefined
      const body = Readable.from(bytesOf(files, inline, pieces, range, memory), {
        objectMode: false,
        highWaterMark: 1 << 20,
      })
      return body.once('close', letGo)
    },
  }
}

/** Bytes that were read with the record: nothing has to be held for them. */
function holdInline(data: Data, bytes: Buffer = Buffer.alloc(0)): HeldData {
  const cut = ({ start, end }: ByteRange) => {
    if (bytes.length === data.size) return bytes.subarray(start, end + 1)
    throw new Error(`data ${data.id}: ${bytes.length} of ${data.size} bytes are there`)
  }
  return {
    pieces: [data],
    letGo() {},
    atHand: cut,
    stream: (range) => Readable.from([cut(range)], { objectMode: false }),
  }
}

/** Gives up data in the commit after which no record refers to it. Returns the files that are to be removed after it. */
export function release(tables: Tables, writes: Change, data: Data): string[] {
  const pieces = piecesOf(tables, data)
  if (data.kind === 'parts') writes.remove(tables.layouts, indexKey([], data.id))
  for (const { id, kind } of pieces) {
    if (kind === 'inline') writes.remove(tables.inline, indexKey([], id))
    else writes.put(tables.unowned, indexKey([], id), true)
  }
  return pieces.filter(({ kind }) => kind === 'file').map(({ id }) => id)
}
