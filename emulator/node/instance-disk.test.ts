import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bootRegionBytes, createHvmDisk, createParavirtualDisk, paravirtualSizes } from './instance-disk.ts'

const [MiB, GiB] = [2 ** 20, 2 ** 30]
let folder: string
let image: string
let target: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-disk-'))
  image = join(folder, 'image.raw')
  target = join(folder, 'root.qcow2')
})
afterEach(() => rm(folder, { recursive: true }))

test('a paravirtual disk is divided into image, rest and 512 MiB of swap', () => {
  const sizes = paravirtualSizes(64 * MiB - 1, 5 * GiB)
  expect(sizes).toEqual({ rootBytes: 64 * MiB, ephemeralBytes: 5 * GiB - 576 * MiB, swapBytes: 512 * MiB })
})

test.each([
  [60 * 1024, true],
  [60 * 1024 - 512, false],
])('an ephemeral partition of %i bytes: %s', (rest, fits) => {
  const divide = () => paravirtualSizes(MiB, MiB + 512 * MiB + rest)
  if (fits) expect(divide().ephemeralBytes).toBe(rest)
  else expect(divide).toThrow('image too large to accommodate swap and ephemeral')
})

test('an HVM disk is the image in the size of the type', async () => {
  await writeFile(image, Buffer.alloc(1024))
  const layer = await createHvmDisk({ target, image, bytes: 5 * GiB })
  expect(layer).toEqual({ format: 'qcow2', file: target, backing: { format: 'raw', file: image } })
  expect((await readFile(target)).readBigUInt64BE(24)).toBe(BigInt(5 * GiB))
})

test('an HVM image larger than the disk of the type is refused', async () => {
  await writeFile(image, Buffer.alloc(1025))
  await expect(createHvmDisk({ target, image, bytes: 1024 })).rejects.toThrow('image too large: 1025 bytes')
})

test('a paravirtual disk has its partition table in front of what the image begins with', async () => {
  const root = Buffer.alloc(MiB, 'r')
  await writeFile(image, Buffer.concat([Buffer.alloc(bootRegionBytes), root]))
  const sizes = { rootBytes: MiB, ephemeralBytes: 2 * MiB, swapBytes: MiB }
  await createParavirtualDisk({ target, image, ...sizes })
  const file = await readFile(target)
  expect(file.readBigUInt64BE(24)).toBe(BigInt(bootRegionBytes + 4 * MiB))
  const first = file.subarray(file.length - 65_536)
  expect(first.subarray(510, 512).toString('hex')).toBe('55aa')
  expect([0, 1, 2].map((entry) => first.readUInt32LE(446 + 16 * entry + 8))).toEqual([63, 63 + 2048, 63 + 6144])
  expect([0, 1, 2].map((entry) => first.readUInt32LE(446 + 16 * entry + 12))).toEqual([2048, 4096, 2048])
  expect([0, 1, 2].map((entry) => first[446 + 16 * entry + 4])).toEqual([0x83, 0x83, 0x82])
  expect(first.subarray(512, bootRegionBytes).every((byte) => byte === 0)).toBe(true)
  expect(first.subarray(bootRegionBytes).toString()).toBe('r'.repeat(65_536 - bootRegionBytes))
})
