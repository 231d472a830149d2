import { BundleRefused } from './refusal.ts'

/** A stream of bytes, taken piece by piece. */
export interface ByteReader {
  /** Bytes taken so far. */
  readonly position: number
  /** Up to `length` bytes as they come; fewer only at the stream's end. */
  next(length: number): AsyncGenerator<Uint8Array>
  /** Exactly `length` bytes in one buffer. Throws `BundleRefused` at the stream's end, which says `where` it is. */
  exactly(length: number, where: string): Promise<Buffer>
  /** Lets the stream go, wherever it is. */
  close(): Promise<void>
}

/** Reads an archive's stream; nothing is copied but by `exactly`. */
export function byteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]()
  let chunk: Uint8Array = new Uint8Array(0)
  let position = 0

  async function* next(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      if (chunk.length === 0) {
        const { value, done } = await chunks.next()
        if (done) return
        chunk = value
        continue
      }
      const piece = chunk.subarray(0, left)
      chunk = chunk.subarray(piece.length)
      position += piece.length
      left -= piece.length
      yield piece
    }
  }

  return {
    get position() {
      return position
    },
    next,
    async exactly(length, where) {
      const pieces: Uint8Array[] = []
      for await (const piece of next(length)) pieces.push(piece)
      const bytes = Buffer.concat(pieces)
      if (bytes.length === length) return bytes
      throw new BundleRefused(`the archive ends after ${position} bytes, ${where}`)
    },
    close: async () => void (await chunks.return?.()),
  }
}
