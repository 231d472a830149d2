import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filePath, hostFiles, openFileSpace } from './file-space.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'file-space-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

const mebibyte = 2 ** 20
const id = '0123456789abcdef0123456789abcdef'

async function written(bytes: Buffer) {
  const root = folder()
  const files = await openFileSpace(root)
  const file = await files.create(id)
  await files.append(file, [bytes])
  await file.close()
  return { files, path: filePath(root, id) }
}

async function all(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const kept: Buffer[] = []
  for await (const chunk of chunks) kept.push(chunk)
  return Buffer.concat(kept)
}

describe('pieces', () => {
  test.each([1, 3, 4, 7, 100])('are written whole where the system takes %s bytes at a time', async (most) => {
    const path = join(folder(), 'file')
    const real = await open(path, 'wx')
    const stingy = {
      writev: (pieces: readonly Buffer[]) => real.write(Buffer.concat(pieces).subarray(0, most)),
    } as unknown as FileHandle
    await hostFiles.append(
      stingy,
      ['one', '', 'three', 'seven'].map((text) => Buffer.from(text)),
    )
    await real.close()
    expect(await readFile(path, 'utf8')).toBe('onethreeseven')
  })
})

describe('a file', () => {
  const bytes = Buffer.alloc(3 * mebibyte + 5)
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(at, at)
  const ranges: [start: number, end: number][] = [
    [0, bytes.length - 1],
    [0, 0],
    [mebibyte - 1, mebibyte],
    [mebibyte, 2 * mebibyte - 1],
    [7, 2 * mebibyte + 6],
    [bytes.length - 1, bytes.length - 1],
  ]
  test.each(ranges)('is read from %s to %s', async (start, end) => {
    const { files } = await written(bytes)
    expect((await all(files.read(id, start, end))).equals(bytes.subarray(start, end + 1))).toBe(true)
  })

  test('that ends too early gives what is there', async () => {
    const { files, path } = await written(bytes)
    truncateSync(path, mebibyte + 10)
    expect((await all(files.read(id, 5, bytes.length - 1))).equals(bytes.subarray(5, mebibyte + 10))).toBe(true)
  })

  test('that is not there says so', async () => {
    const files = await openFileSpace(folder())
    await expect(all(files.read(id, 0, 9))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
