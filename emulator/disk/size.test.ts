import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createQcow2 } from './qcow2.ts'
import { diskBytes } from './size.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-size-'))
})
afterEach(() => rm(folder, { recursive: true }))

test.each([
  [0, 0],
  [512, 512],
  [513, 1024],
])('a raw file of %i bytes is a disk of %i', async (length, bytes) => {
  const file = join(folder, 'disk')
  await writeFile(file, Buffer.alloc(length))
  expect(await diskBytes({ format: 'raw', file })).toBe(bytes)
})

test('a qcow2 file is as large as it says, beyond 4 GiB too', async () => {
  const file = join(folder, 'disk')
  await createQcow2({ path: file, bytes: 10 * 2 ** 30 + 512 })
  expect(await diskBytes({ format: 'qcow2', file, backing: null })).toBe(10 * 2 ** 30 + 512)
})

test.each(['', 'QFI', 'x'.repeat(100)])('a file that says %j is no qcow2 file', async (text) => {
  const file = join(folder, 'disk')
  await writeFile(file, text)
  await expect(diskBytes({ format: 'qcow2', file, backing: null })).rejects.toThrow(`${file} is no qcow2 file`)
})
