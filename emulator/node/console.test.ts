import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { consoleTailBytes, readConsole } from './console.ts'
import { fileTail } from './file-tail.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-console-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a console is its last 64 KiB, byte for byte', async () => {
  const file = join(folder, 'console.log')
  const bytes = Buffer.alloc(consoleTailBytes + 10, 'x')
  bytes.set([0, 0xff, 0x1b], bytes.length - 3)
  await writeFile(file, bytes)
  expect(await readConsole(file)).toEqual(bytes.subarray(10))
})

test('a short console is whole, and one that is not there yet is empty', async () => {
  const file = join(folder, 'console.log')
  expect(await readConsole(file)).toEqual(Buffer.alloc(0))
  await writeFile(file, 'login: ')
  expect((await readConsole(file)).toString()).toBe('login: ')
})

test('a tail starts no earlier than it is told', async () => {
  const file = join(folder, 'qemu.log')
  await writeFile(file, 'old\nnew\n')
  expect((await fileTail(file, 100, 4)).toString()).toBe('new\n')
  expect((await fileTail(file, 2, 4)).toString()).toBe('w\n')
  expect((await fileTail(file, 100, 400)).toString()).toBe('')
})

test('a console that cannot be read is an error', async () => {
  await expect(readConsole(folder)).rejects.toThrow('EISDIR')
})
