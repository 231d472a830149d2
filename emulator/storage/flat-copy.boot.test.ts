import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DiskLayer } from '../disk/layer.ts'
import { diskBytes } from '../disk/size.ts'
import { storageFiles } from './files.ts'
import { qemuImgCopy } from './flat-copy.ts'
import { chain, layersOf } from './layers.ts'
import { openStorage, type Storage } from './storage.ts'

const [volumeId, otherVolumeId] = ['vol-0000000a', 'vol-0000000b']
const [snapshotId, otherSnapshotId] = ['snap-0000000c', 'snap-0000000d']
const [MiB, GiB] = [2 ** 20, 2 ** 30]

let folder: string
let storage: Storage
/** The same folder, by a storage that copies for every snapshot. */
let copying: Storage
beforeEach(async () => {
  // A comma and a colon mean something to QEMU; a data folder may have both.
  folder = await mkdtemp(join(tmpdir(), 'euca-emu,a:b-'))
  storage = await openStorage({ folder })
  copying = await openStorage({ folder, maximumLayers: 1 })
})
afterEach(() => rm(folder, { recursive: true }))

const layers = (id: string) => {
  const files = storageFiles(folder)
  return layersOf(id.startsWith('vol') ? files.volume(id) : files.snapshot(id))
}

/** A disk as QEMU takes it. */
const node = ({ file: filename, ...layer }: DiskLayer): object => ({
  driver: layer.format,
  file: { driver: 'file', filename },
  ...(layer.format === 'qcow2' && { backing: layer.backing && node(layer.backing) }),
})
const image = async (id: string) => `json:${JSON.stringify(node(chain(await layers(id))!))}`

/** Runs qemu-io's commands on a disk; it ends with status 1 when a pattern is not the one that it reads. */
const io = async (id: string, ...commands: string[]) =>
  execa('qemu-io', [
    ...(id.startsWith('snap-') ? ['-r'] : []),
    ...commands.flatMap((command) => ['-c', command]),
    await image(id),
  ])

/** Has `qemu-img check` find every layer of a snapshot in order, and gives its size. */
async function sound(id: string): Promise<number> {
  for (const { file } of await layers(id)) {
    await execa('qemu-img', [
      'check',
      '--image-opts',
      `driver=qcow2,file.filename=${file.replaceAll(',', ',,')},backing=`,
    ])
  }
  return diskBytes(chain(await layers(id))!)
}

test.each([
  ['in layers', () => storage],
  ['as copies', () => copying],
])('a snapshot shows what its volume did, also through what that rests on, and never changes: %s', async (_, of) => {
  await storage.createVolume({ id: volumeId, bytes: 10 * GiB })
  await io(volumeId, 'write -P 1 0 1M', 'write -P 2 9G 1M')
  await of().snapshotVolume({ volumeId, snapshotId })
  await storage.createVolume({ id: otherVolumeId, bytes: 20 * GiB, snapshotId })
  await io(otherVolumeId, 'write -P 3 9G 64k', 'write -P 4 19G 1M')
  await storage.deleteSnapshot(snapshotId)
  await of().snapshotVolume({ volumeId: otherVolumeId, snapshotId: otherSnapshotId })
  await io(otherVolumeId, 'write -P 9 0 1M')
  await storage.deleteVolume(otherVolumeId)
  expect(await sound(otherSnapshotId)).toEqual(20 * GiB)
  const rest = `${9 * GiB + 65_536} ${MiB - 65_536}`
  const reads = ['-P 1 0 1M', '-P 3 9G 64k', `-P 2 ${rest}`, '-P 4 19G 1M', '-P 0 5G 1M'].map((read) => `read ${read}`)
  await io(otherSnapshotId, ...reads)
  await expect(io(otherSnapshotId, 'read -P 2 0 1M')).rejects.toThrow('Pattern verification failed')
})

test('fifty snapshots take what changed, and each outlives the others and its volume', async () => {
  const id = (number: number) => `snap-${number.toString(16).padStart(8, '0')}`
  const numbers = Array.from({ length: 50 }, (_, index) => index + 1)
  await storage.createVolume({ id: volumeId, bytes: 100 * GiB })
  await io(volumeId, 'write -P 255 1G 16M')
  for (const number of numbers) {
    await io(volumeId, `write -P ${number} 0 64k`, `write -P ${number} ${number}M 64k`)
    const { bytesAllocated } = await storage.snapshotVolume({ volumeId, snapshotId: id(number) })
    if (number > 1) expect(bytesAllocated).toBeLessThan(MiB)
  }
  expect((await storage.usage()).bytesAllocated).toBeLessThan(50 * MiB)
  const kept = numbers.filter((number) => number % 7 === 0)
  for (const number of numbers) if (!kept.includes(number)) await storage.deleteSnapshot(id(number))
  await storage.deleteVolume(volumeId)
  for (const number of kept) {
    const reads = [`${number} 0 64k`, `${number} ${number}M 64k`, `1 1M 64k`, `0 ${number + 1}M 64k`, '255 1G 16M']
    await io(id(number), ...reads.map((read) => `read -P ${read}`))
  }
  await storage.createVolume({ id: otherVolumeId, bytes: 100 * GiB, snapshotId: id(49) })
  for (const number of kept) await storage.deleteSnapshot(id(number))
  await io(otherVolumeId, 'read -P 49 0 64k', 'read -P 7 7M 64k', 'read -P 255 1G 16M')
  await storage.deleteVolume(otherVolumeId)
  expect(await storage.usage()).toEqual({ volumes: 0, snapshots: 0, bytesAllocated: 0 })
})

test('a snapshot takes as much as there is data, and not as the volume is large', async () => {
  await storage.createVolume({ id: volumeId, bytes: 1000 * GiB })
  await io(volumeId, 'write -P 5 500G 8M')
  const { bytesAllocated } = await storage.snapshotVolume({ volumeId, snapshotId })
  expect(bytesAllocated).toBeGreaterThan(8 * MiB)
  expect(bytesAllocated).toBeLessThan(10 * MiB)
})

test('a volume that a process holds open is not copied, and the reason is QEMU’s own', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  const holder = execa('qemu-io', [await image(volumeId)], { reject: false })
  try {
    // Its prompt comes when the file is open.
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    const attempt = copying.snapshotVolume({ volumeId, snapshotId })
    await expect(attempt).rejects.toMatchObject({ cause: { message: expect.stringMatching(/lock/) } })
    expect(await readdir(join(folder, 'snapshots'))).toEqual([])
  } finally {
    holder.stdin.end('quit\n')
    await holder
  }
})

test('an aborted copy ends its process and leaves nothing', async () => {
  await storage.createVolume({ id: volumeId, bytes: 10 * GiB })
  await io(volumeId, 'write -P 6 0 256M')
  const abort = new AbortController()
  const copy = copying.snapshotVolume({ volumeId, snapshotId, signal: abort.signal })
  const target = storage.snapshotTarget(snapshotId)
  const begun = async () => ((await stat(target).catch(() => undefined))?.size ?? 0) > 0
  while (!(await begun())) await new Promise((resolve) => setImmediate(resolve))
  abort.abort(new Error('the emulator stops'))
  await expect(copy).rejects.toThrow('the emulator stops')
  expect(await readdir(join(folder, 'snapshots'))).toEqual([])
})

test('a copy that would grow beyond its disk is ended', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  await io(volumeId, 'write -P 7 0 64M')
  const source = await storage.volumeLayer(volumeId)
  const job = qemuImgCopy({ source, target: join(folder, 'copy'), bytes: MiB })
  await expect(job).rejects.toThrow(/SIGXFSZ|File too large/)
})

test('a host without qemu-img is told what to install', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  const path = process.env['PATH']
  process.env['PATH'] = folder
  try {
    const attempt = copying.snapshotVolume({ volumeId, snapshotId })
    await expect(attempt).rejects.toMatchObject({ cause: { message: expect.stringContaining('apt-get install') } })
  } finally {
    process.env['PATH'] = path
  }
})

test("a copy is its owner's alone from the start", async () => {
  await storage.createVolume({ id: volumeId, bytes: MiB })
  const target = join(folder, 'copy')
  await qemuImgCopy({ source: await storage.volumeLayer(volumeId), target, bytes: MiB })
  expect((await stat(target)).mode & 0o777).toBe(0o600)
  await execa('qemu-img', ['check', '-f', 'qcow2', `file:${target}`])
})
