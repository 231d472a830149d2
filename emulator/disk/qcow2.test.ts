import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { clusterBytes, createQcow2 } from './qcow2.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-qcow2-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Reads the guest's cluster at `offset` through the file's own tables; undefined where it holds none. */
function clusterAt(file: Buffer, offset: number): Buffer | undefined {
  const address = (entry: bigint) => Number(entry & 0x00ff_ffff_ffff_fe00n)
  const l1 = Number(file.readBigUInt64BE(40))
  const table = address(file.readBigUInt64BE(l1 + Math.floor(offset / clusterBytes / 8192) * 8))
  if (table === 0) return undefined
  const data = address(file.readBigUInt64BE(table + ((offset / clusterBytes) % 8192) * 8))
  return data === 0 ? undefined : file.subarray(data, data + clusterBytes)
}

test('an overlay states its size, its backing file and the format of that', async () => {
  const path = join(folder, 'overlay')
  await createQcow2({ path, bytes: 5 * 2 ** 40, backing: { file: '/images/é.raw', format: 'raw' } })
  const file = await readFile(path)
  expect(file.subarray(0, 8).toString('latin1')).toBe('QFI\xfb\0\0\0\x03')
  expect(file.readBigUInt64BE(24)).toBe(5n * 2n ** 40n)
  const name = Number(file.readBigUInt64BE(8))
  expect(file.subarray(name, name + file.readUInt32BE(16)).toString()).toBe('/images/é.raw')
  expect(file.readUInt32BE(104)).toBe(0xe2792aca)
  expect(file.subarray(112, 112 + file.readUInt32BE(108)).toString()).toBe('raw')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(file.length).toBeLessThan(1024 * 1024)
})

test('a file holds its extents, far beyond 4 GiB too, and nothing else', async () => {
  const path = join(folder, 'disk')
  const far = 3 * 2 ** 40
  const extents = [
    { offset: 0, data: Buffer.alloc(clusterBytes + 3, 'a') },
    { offset: far, data: Buffer.from('far') },
  ]
  await createQcow2({ path, bytes: far + clusterBytes, extents, sync: true })
  const file = await readFile(path)
  expect(clusterAt(file, 0)?.equals(Buffer.alloc(clusterBytes, 'a'))).toBe(true)
  expect(clusterAt(file, clusterBytes)?.equals(Buffer.concat([Buffer.from('aaa')], clusterBytes))).toBe(true)
  expect(clusterAt(file, far)?.subarray(0, 5).toString()).toBe('far\0\0')
  expect(clusterAt(file, 2 * clusterBytes)).toBeUndefined()
  expect(clusterAt(file, 2 ** 40)).toBeUndefined()
  expect(file.readBigUInt64BE(8)).toBe(0n)
})

test('an existing path is refused and left as it is', async () => {
  const path = join(folder, 'disk')
  await writeFile(path, 'mine')
  await expect(createQcow2({ path, bytes: 512 })).rejects.toThrow('EEXIST')
  expect(await readFile(path, 'utf8')).toBe('mine')
})

test.each([
  ['a size of no whole sectors', { bytes: 513 }],
  ['a size of nothing', { bytes: 0 }],
  ['an extent between clusters', { bytes: 2 ** 20, extents: [{ offset: 512, data: Buffer.alloc(1) }] }],
  ['an extent beyond the end', { bytes: 2 ** 20, extents: [{ offset: 2 ** 20, data: Buffer.alloc(1) }] }],
  ['too long a name', { bytes: 512, backing: { file: `/${'x'.repeat(1023)}`, format: 'raw' as const } }],
])('refused, and no file left: %s', async (_, file) => {
  const path = join(folder, 'disk')
  await expect(createQcow2({ path, ...file })).rejects.toThrow(RangeError)
  await expect(stat(path)).rejects.toThrow('ENOENT')
})
