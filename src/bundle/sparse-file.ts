import type { FileHandle } from 'node:fs/promises'

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
  const buffer = Buffer.alloc(window)
  let start = 0
  let filled = offset
  let total = 0
  for await (const chunk of stream) {
    for (let taken = 0; taken < chunk.length; ) {
      const piece = chunk.subarray(taken, taken + window - filled)
      buffer.set(piece, filled)
      filled += piece.length
      taken += piece.length
      if (filled < window) continue
      await writeWindow(file, buffer, start)
      start += window
      filled = 0
    }
    total += chunk.length
    onBytes(total)
  }
  await writeWindow(file, buffer.subarray(0, filled), start)
}

/** Writes the runs of blocks that hold anything. */
async function writeWindow(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
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
