import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { storageFiles } from './files.ts'
import { qemuImgCopy } from './flat-copy.ts'
import { chain, layersOf } from './layers.ts'
import { openStorage, type Storage } from './storage.ts'

/** Bytes that a guest may write are never taken for more than bytes (threats.md, disk images). */

const [volumeId, copyId, snapshotId] = ['vol-0000000a', 'vol-0000000b', 'snap-0000000c']
const canary = 'a secret of the host'

let folder: string
let storage: Storage
/** A small qcow2 file that names a file of the host as what it rests on. */
let header: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-hostile-'))
  const secret = join(folder, 'secret')
  await writeFile(secret, canary.padEnd(4096, '.'))
  header = join(folder, 'header')
  await createQcow2({ path: header, bytes: 2 ** 20, backing: { file: secret, format: 'raw' } })
  storage = await openStorage({ folder: join(folder, 'storage') })
})
afterEach(() => rm(folder, { recursive: true }))

/** What a guest would read of a volume. */
async function content(id: string): Promise<Buffer> {
  const image = JSON.stringify(node(chain(await layersOf(storageFiles(join(folder, 'storage')).volume(id)))))
  const raw = join(folder, 'raw')
  await execa('qemu-img', ['convert', '-O', 'raw', `json:${image}`, raw])
  return readFile(raw)
}

const node = (layer: ReturnType<typeof chain> | null): object | null =>
  layer
    ? {
        driver: 'qcow2',
        file: { driver: 'file', filename: layer.file },
        backing: node(layer.backing as ReturnType<typeof chain> | null),
      }
    : null

test('the files of the test would give the secret to whoever probes them', async () => {
  const raw = join(folder, 'probed')
  await execa('qemu-img', ['convert', '-O', 'raw', header, raw])
  expect(await readFile(raw, 'utf8')).toContain(canary)
})

test.each([64, 1])(
  'a disk that looks like another format is copied byte by byte, with up to %i layers',
  async (maximumLayers) => {
    const own = await openStorage({ folder: join(folder, 'storage'), maximumLayers })
    await own.createVolume({ id: volumeId, bytes: 2 ** 20 })
    const [layer] = await layersOf(storageFiles(join(folder, 'storage')).volume(volumeId))
    const bytes = (await stat(header)).size
    // As the guest has it when it writes on its disk.
    await execa('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'qcow2', header, layer?.file ?? ''])
    await own.snapshotVolume({ volumeId, snapshotId })
    await own.createVolume({ id: copyId, bytes: 2 ** 20, snapshotId })
    const found = await content(copyId)
    expect(found.subarray(0, bytes)).toEqual(await readFile(header))
    expect(found.includes(canary)).toBe(false)
    await storage.deleteVolume(volumeId)
  },
)

test('a raw disk is copied as one, whatever it begins with', async () => {
  const target = join(folder, 'copy')
  await qemuImgCopy({ source: { format: 'raw', file: header }, target, bytes: (await stat(header)).size })
  const raw = join(folder, 'raw')
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', target, raw])
  expect((await readFile(raw)).subarray(0, 104)).toEqual((await readFile(header)).subarray(0, 104))
  expect((await readFile(raw)).includes(canary)).toBe(false)
})
