import { constants, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { closeFile, filePath, hostFiles, type NewFile, openFileSpace, unsyncedFiles } from './file-space.ts'

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
  await closeFile(file)
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
      writev: (pieces: readonly Buffer[], position: number) =>
        real.write(Buffer.concat(pieces).subarray(0, most), 0, null, position),
    } as unknown as FileHandle
    await hostFiles.append(
      { path, handle: stingy, length: 0 },
      ['one', '', 'three', 'seven'].map((text) => Buffer.from(text)),
    )
    await real.close()
    expect(await readFile(path, 'utf8')).toBe('onethreeseven')
  })
})

declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer }
}

/** Memory that begins at a page, as that of large bodies does, with bytes that tell their place. */
function pages(count: number): Buffer {
  const memory = Buffer.from(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 0, count * 4096)
  for (let at = 0; at < memory.length; at += 4) memory.writeUInt32LE(at, at)
  return memory
}

const refusal = () => Promise.reject(Object.assign(new Error('EINVAL: invalid argument, write'), { code: 'EINVAL' }))

/** A handle past the cache that takes so many pages and refuses what comes then. */
const refusesAfter = (taken: number, real: FileHandle) => {
  let left = taken
  const writev = async ([first]: readonly Buffer[], position: number) => {
    if (left === 0 || !first) return refusal()
    left -= 1
    return real.write(first.subarray(0, 4096), 0, null, position)
  }
  return { writev, close: async () => {} } as unknown as FileHandle
}

describe('whole pages', () => {
  const many = pages(8)
  const tail = Buffer.from('and what is left')
  const expected = Buffer.concat([many, tail, many])
  const ways: [way: string, layer: typeof hostFiles, direct?: (file: NewFile) => FileHandle | null][] = [
    ['past the cache', hostFiles],
    ['where nothing is synced', unsyncedFiles],
    ['where there is no way past the cache', hostFiles, () => null],
    ['where the first is refused', hostFiles, ({ handle }) => refusesAfter(0, handle)],
    ['where a later one is refused', hostFiles, ({ handle }) => refusesAfter(3, handle)],
  ]
  test.each(ways)('and the rest lie one behind the other: %s', async (_, layer, direct) => {
    const path = join(folder(), 'file')
    const file = await layer.create(path)
    if (direct) file.direct = direct(file)
    await layer.append(file, [many.subarray(0, 4 * 4096), many.subarray(4 * 4096)])
    await layer.append(file, [tail])
    await layer.append(file, [many])
    await layer.sync(file)
    await closeFile(file)
    expect((await readFile(path)).equals(expected)).toBe(true)
  })

  test('go past the cache where the system can, and nothing else does', async () => {
    const file = await hostFiles.create(join(folder(), 'file'))
    onTestFinished(() => closeFile(file))
    await hostFiles.append(file, [Buffer.from(many)])
    expect(file.direct).toBeUndefined()
    file.length = 0
    await hostFiles.append(file, [many])
    const can = constants.O_DIRECT !== undefined && file.direct !== null
    expect(file).toMatchObject({ length: many.length, direct: can ? expect.anything() : null })
  })

  test('of a disk that fails are an error', async () => {
    const file = await hostFiles.create(join(folder(), 'file'))
    onTestFinished(() => file.handle.close())
    file.direct = { writev: () => Promise.reject(new Error('EIO: i/o error, write')) } as unknown as FileHandle
    await expect(hostFiles.append(file, [many])).rejects.toThrow('EIO')
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
