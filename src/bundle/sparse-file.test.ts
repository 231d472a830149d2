import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeSparse } from './sparse-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sparse-'))
afterAll(() => rmSync(folder, { recursive: true }))
const mebibyte = 1024 * 1024

async function write(name: string, chunks: Buffer[], offset: number, length: number) {
  const file = join(folder, name)
  const handle = await open(file, 'wx')
  const progress: number[] = []
  async function* stream() {
    yield* chunks
  }
  await writeSparse(handle, { offset, length, onBytes: (bytes) => progress.push(bytes) }, stream())
  await handle.close()
  return { bytes: readFileSync(file), allocated: (await stat(file)).blocks * 512, progress }
}

test.each([
  ['empty', 0, 0, 100],
  ['small', 5, 0, 100],
  ['a-block', 65_536, 0, 65_536],
  ['a-window', 65_536, 16, 65_536],
  ['offset', 100_000, 32_256, 999],
  ['windows', 2_500_000, 32_256, 300_000],
  ['one-chunk', 3_000_000, 0, 3_000_000],
])('%s: %i bytes from %i on, in chunks of %i', async (name, size, offset, chunkSize) => {
  const image = randomBytes(size)
  const chunks: Buffer[] = []
  for (let at = 0; at < size; at += chunkSize) chunks.push(image.subarray(at, at + chunkSize))
  const { bytes, progress } = await write(name, chunks, offset, offset + size + 7)
  expect(bytes.equals(Buffer.concat([Buffer.alloc(offset), image, Buffer.alloc(7)]))).toBe(true)
  expect(progress.at(-1) ?? 0).toBe(size)
})

test('zeros take no room on the disk', async () => {
  const middle = Buffer.alloc(8 * mebibyte)
  middle.write('data', 4 * mebibyte + 100)
  const { bytes, allocated } = await write('holes', [middle, Buffer.alloc(24 * mebibyte)], 0, 32 * mebibyte)
  expect(bytes.equals(Buffer.concat([middle, Buffer.alloc(24 * mebibyte)]))).toBe(true)
  expect(allocated).toBeLessThan(mebibyte)
})
