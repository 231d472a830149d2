import type { FileHandle } from 'node:fs/promises'
import { pieces, tapped } from './streams.ts'

const block = 64 * 1024
const window = 16 * block
const zeros = Buffer.alloc(block)

/**
 * Writes a stream into a new, empty file from `offset` (bytes, less than 1 MiB) on and makes the file `length` bytes
 * long. Blocks of 64 KiB that hold zeros only are left out: they become holes. `onBytes` hears how much of the stream
 * has been taken.
 */
export async function writeSparse(
  file: FileHandle,
  { offset, length, onBytes }: { offset: number; length: number; onBytes: (bytes: number) => void },
  stream: AsyncIterable<Uint8Array>,
): Promise<void> {
  await file.truncate(length)
  let total = 0
  const counted = tapped(stream, (chunk) => {
    total += chunk.length
    onBytes(total)
  })
  let start = 0
  for await (const piece of pieces(counted, window, offset)) {
    await writeWindow(file, piece, start)
    start += piece.length
  }
}

/** The same stream, of which a copy is written into a new, empty file as it passes; zeros become holes. */
export async function* copiedSparse(file: FileHandle, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const chunk of stream) {
    await writeWindow(file, chunk, position)
    position += chunk.length
    yield chunk
  }
  await file.truncate(position)
}

/** Writes the runs of blocks that hold anything. */
async function writeWindow(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let runStart: number | undefined
  for (let at = 0; at < buffer.length; at += block) {
    const isHole = buffer.subarray(at, at + block).equals(zeros.subarray(0, Math.min(block, buffer.length - at)))
    if (!isHole) runStart ??= at
    if (isHole && runStart !== undefined) {
      await writeAll(file, buffer.subarray(runStart, at), position + runStart)
      runStart = undefined
    }
  }
  if (runStart !== undefined) await writeAll(file, buffer.subarray(runStart), position + runStart)
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
