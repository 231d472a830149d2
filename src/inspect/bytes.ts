import type { FileHandle } from 'node:fs/promises'

/** Gives bytes of a file; fewer than asked for only where the file ends. */
export type Read = (offset: number, length: number) => Promise<Uint8Array>

/** Reads an open file. */
export const readerOf =
  (file: FileHandle): Read =>
  async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }

/** A file to look at: its bytes, and how many there are. */
export interface Source {
  readonly size: number
  /** All bytes of a range, or undefined when the file does not hold all of it. */
  at(offset: number, length: number): Promise<Buffer | undefined>
}

/** The most that is read at once: a header that asks for more is no header that anybody wrote in earnest. */
const longestRead = 64 * 2 ** 20

/** Makes a file of a hostile origin safe to follow: ranges that lie outside, whatever their numbers, are undefined. */
export function sourceOf(read: Read, size: number): Source {
  return {
    size,
    async at(offset, length) {
      const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
      if (!isInside || length > longestRead || offset + length > size) return undefined
      const bytes = await read(offset, length)
      return bytes.length < length ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, length)
    },
  }
}

/** An unsigned 64-bit number, most significant byte first. Beyond 2^53 it is rounded, which is past every limit here. */
export const u64be = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at))

/** An unsigned 64-bit number, least significant byte first; rounded beyond 2^53. */
export const u64le = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at))

/** A part of a file as a file of its own; it ends where the file does. */
export function windowOf(source: Source, start: number, length: number): Source {
  const size = Math.max(0, Math.min(length, source.size - start))
  return {
    size,
    at: async (offset, wanted) =>
      offset >= 0 && wanted >= 0 && offset + wanted <= size ? source.at(start + offset, wanted) : undefined,
  }
}
