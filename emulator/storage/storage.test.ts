import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { emptyCopy } from './fake.ts'
import type { FlatCopy } from './flat-copy.ts'
import { openStorage, type Storage } from './storage.ts'

const [volumeId, otherVolumeId, snapshotId] = ['vol-0000000a', 'vol-0000000b', 'snap-0000000c']
const GiB = 2 ** 30

let folder: string
let storage: Storage
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-storage-'))
  storage = await openStorage({ folder, copy: emptyCopy })
})
afterEach(() => rm(folder, { recursive: true }))

const names = async () => (await readdir(folder, { recursive: true })).filter((name) => name.includes('.')).sort()
const path = (name: string) => join(folder, name)

/** A volume, and a snapshot of it. */
async function snapshot(bytes = GiB): Promise<void> {
  await storage.createVolume({ id: volumeId, bytes })
  await storage.snapshotVolume({ volumeId, snapshotId })
}

describe('a volume', () => {
  test('is a file of its own size at once, however large, that only its owner reads', async () => {
    await storage.createVolume({ id: volumeId, bytes: 1000 * GiB })
    const file = path(`volumes/${volumeId}.0.qcow2`)
    expect(await storage.volumeLayer(volumeId)).toEqual({ format: 'qcow2', file, backing: null })
    expect(await readQcow2Header(file)).toEqual({ bytes: 1000 * GiB, isFlat: true, isClosed: true })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await storage.usage()).bytesAllocated).toBeLessThan(1024 * 1024)
  })

  test('from a snapshot rests on its bytes under a name of its own, and may be larger', async () => {
    await snapshot()
    await storage.createVolume({ id: otherVolumeId, bytes: 2 * GiB, snapshotId })
    const [file, base] = [path(`volumes/${otherVolumeId}.1.qcow2`), path(`volumes/${otherVolumeId}.0.base.qcow2`)]
    const backing = { format: 'qcow2', file: base, backing: null }
    expect(await storage.volumeLayer(otherVolumeId)).toEqual({ format: 'qcow2', file, backing })
    expect((await stat(base)).ino).toBe((await stat(path(`snapshots/${snapshotId}.0.qcow2`))).ino)
    expect(await readQcow2Header(file)).toEqual({ bytes: 2 * GiB, isFlat: false, isClosed: true })
  })

  test('keeps what it rests on when the snapshot is deleted, until it goes itself', async () => {
    await snapshot()
    await storage.createVolume({ id: otherVolumeId, bytes: GiB, snapshotId })
    await storage.deleteSnapshot(snapshotId)
    const { backing } = (await storage.volumeLayer(otherVolumeId)) as { backing: { file: string } }
    expect((await readQcow2Header(backing.file)).bytes).toBe(GiB)
    await storage.deleteVolume(otherVolumeId)
    expect(await names()).toEqual([0, 1].map((layer) => `volumes/${volumeId}.${layer}.qcow2`))
  })

  test.each<[string, () => Promise<unknown>, RegExp | typeof RangeError]>([
    [
      'of a snapshot that is not there',
      () => storage.createVolume({ id: volumeId, bytes: GiB, snapshotId }),
      /no disk/,
    ],
    ['of no whole sectors', () => storage.createVolume({ id: volumeId, bytes: 513 }), RangeError],
    ['with an id that is a path', () => storage.createVolume({ id: 'vol-../../x', bytes: GiB }), /no id of a vol/],
    ['with the id of a snapshot', () => storage.createVolume({ id: snapshotId, bytes: GiB }), /no id of a vol/],
    ['asked for and not made', () => storage.volumeLayer(volumeId), /no disk/],
  ])('is refused, and leaves nothing: %s', async (_, attempt, reason) => {
    await expect(attempt()).rejects.toThrow(reason)
    expect(await names()).toEqual([])
  })

  test('smaller than its snapshot, or made twice, is refused; the first stays', async () => {
    await snapshot()
    const before = await names()
    const smaller = storage.createVolume({ id: otherVolumeId, bytes: GiB / 2, snapshotId })
    await expect(smaller).rejects.toThrow(RangeError)
    await expect(storage.createVolume({ id: volumeId, bytes: GiB })).rejects.toThrow('exists already')
    expect(await names()).toEqual(before)
  })

  test('is made over what a crash left of an earlier attempt', async () => {
    for (const name of ['0.base.qcow2', '1.base.qcow2', 'qcow2.new'])
      await writeFile(path(`volumes/${volumeId}.${name}`), 'torn')
    await storage.createVolume({ id: volumeId, bytes: GiB })
    expect(await names()).toEqual([`volumes/${volumeId}.0.qcow2`])
    expect(await storage.volumeLayer(volumeId)).toMatchObject({ backing: null })
  })
})

describe('a snapshot', () => {
  test('is read-only and tells what it takes', async () => {
    await storage.createVolume({ id: volumeId, bytes: GiB })
    const { bytesAllocated } = await storage.snapshotVolume({ volumeId, snapshotId })
    const found = await stat(path(`snapshots/${snapshotId}.0.qcow2`))
    expect(found.mode & 0o777).toBe(0o400)
    expect(bytesAllocated).toBe(found.blocks * 512)
    expect(bytesAllocated).toBeGreaterThan(0)
  })

  test('is never made anew: the first stays as it is', async () => {
    await snapshot()
    const before = await stat(path(`snapshots/${snapshotId}.0.qcow2`))
    await expect(storage.snapshotVolume({ volumeId, snapshotId })).rejects.toThrow('exists already')
    await createQcow2({ path: storage.snapshotTarget(snapshotId), bytes: GiB })
    await expect(storage.adoptSnapshot(snapshotId)).rejects.toThrow('exists already')
    expect((await stat(path(`snapshots/${snapshotId}.0.qcow2`))).ino).toBe(before.ino)
  })

  test.each<[string, FlatCopy]>([
    ['fails at once', () => Promise.reject(new Error('the disk is full'))],
    [
      'fails half way',
      async ({ target }) => {
        await writeFile(target, 'half')
        throw new Error('the disk is full')
      },
    ],
    ['writes something else', ({ target }) => writeFile(target, 'x'.repeat(200))],
    [
      'leaves a file that needs another',
      ({ target, source, bytes }) =>
        createQcow2({ path: target, bytes, backing: { file: source.file, format: 'qcow2' } }),
    ],
  ])('is not there when its copy %s', async (_, copy) => {
    const other = await openStorage({ folder, copy, maximumLayers: 1 })
    await other.createVolume({ id: volumeId, bytes: GiB })
    const attempt = other.snapshotVolume({ volumeId, snapshotId })
    await expect(attempt).rejects.toMatchObject({
      message: expect.stringContaining(volumeId),
      cause: expect.any(Error),
    })
    expect(await names()).toEqual([`volumes/${volumeId}.0.qcow2`])
  })

  test('is not there when it is aborted, even after the last byte', async () => {
    const abort = new AbortController()
    const copy: FlatCopy = async (job) => {
      await emptyCopy({ ...job, signal: undefined })
      abort.abort(new Error('stopping'))
    }
    const other = await openStorage({ folder, copy, maximumLayers: 1 })
    await other.createVolume({ id: volumeId, bytes: GiB })
    await expect(other.snapshotVolume({ volumeId, snapshotId, signal: abort.signal })).rejects.toThrow('stopping')
    await expect(other.snapshotVolume({ volumeId, snapshotId, signal: abort.signal })).rejects.toThrow('stopping')
    expect(await names()).toEqual([`volumes/${volumeId}.0.qcow2`])
  })

  test('is complete before its volume can be deleted', async () => {
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    let began = () => {}
    const copying = new Promise<void>((resolve) => {
      began = resolve
    })
    const copy: FlatCopy = async (job) => {
      began()
      await finished
      await stat(job.source.file)
      await emptyCopy(job)
    }
    const other = await openStorage({ folder, copy, maximumLayers: 1 })
    await other.createVolume({ id: volumeId, bytes: GiB })
    const made = other.snapshotVolume({ volumeId, snapshotId })
    await copying
    const deleted = other.deleteVolume(volumeId)
    finish()
    await Promise.all([made, deleted])
    expect(await names()).toEqual([`snapshots/${snapshotId}.0.qcow2`])
  })

  test('written by a machine counts when it is adopted, and leaves nothing when it is abandoned', async () => {
    await createQcow2({ path: storage.snapshotTarget(snapshotId), bytes: GiB })
    expect(await storage.usage()).toMatchObject({ snapshots: 0 })
    await storage.adoptSnapshot(snapshotId)
    expect(await storage.usage()).toMatchObject({ snapshots: 1 })
    await writeFile(storage.snapshotTarget('snap-0000000d'), 'half')
    await expect(storage.adoptSnapshot('snap-0000000d')).rejects.toThrow('no qcow2 file')
    await storage.abandonSnapshot('snap-0000000d')
    expect(await names()).toEqual([`snapshots/${snapshotId}.0.qcow2`])
  })
})

describe('the inventory', () => {
  test('counts the bytes of a snapshot once, however many volumes rest on it', async () => {
    await snapshot()
    const before = await storage.usage()
    await storage.createVolume({ id: otherVolumeId, bytes: GiB, snapshotId })
    const after = await storage.usage()
    const own = (await stat(path(`volumes/${otherVolumeId}.1.qcow2`))).blocks * 512
    expect(after).toEqual({ volumes: 2, snapshots: 1, bytesAllocated: before.bytesAllocated + own })
  })

  test('sweeps what no record knows and what is unfinished, and nothing else', async () => {
    await snapshot()
    await storage.createVolume({ id: otherVolumeId, bytes: GiB, snapshotId })
    const kept = [...(await names()), 'volumes/notes.txt'].sort()
    const strays = [
      'snapshots/snap-0000000f.0.base.qcow2',
      'snapshots/snap-0000000f.1.qcow2',
      `snapshots/${snapshotId}.qcow2.new`,
      'volumes/vol-0000000f.0.base.qcow2',
      'volumes/vol-0000000f.1.qcow2',
      `volumes/${volumeId}.qcow2.new`,
    ]
    for (const name of [...strays, 'volumes/notes.txt']) await writeFile(path(name), 'x')
    const removed = await storage.sweep({ volumes: [volumeId, otherVolumeId], snapshots: [snapshotId] })
    expect(removed).toEqual(strays.map((name) => name.replace(/^.*\//, '')).sort())
    expect(await names()).toEqual(kept)
  })

  test('is the same after it is opened again, and deleting what is gone is no error', async () => {
    await snapshot()
    const again = await openStorage({ folder, copy: emptyCopy })
    expect(await again.usage()).toEqual(await storage.usage())
    for (let time = 0; time < 2; time++) {
      await again.deleteVolume(volumeId)
      await again.deleteSnapshot(snapshotId)
    }
    expect(await again.usage()).toEqual({ volumes: 0, snapshots: 0, bytesAllocated: 0 })
  })
})
