import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { emptyCommit, emptyCopy } from './fake.ts'
import type { LayerCommit } from './layer-commit.ts'
import type { LayersInUse } from './merge.ts'
import { openStorage, type Storage } from './storage.ts'

const [volumeId, otherVolumeId] = ['vol-0000000a', 'vol-0000000b']
const snapshotId = (number: number) => `snap-0000000${number}`
const [MiB, GiB] = [2 ** 20, 2 ** 30]

let folder: string
let storage: Storage
const open = (commit: LayerCommit = emptyCommit, maximumLayers = 64) =>
  openStorage({ folder, copy: emptyCopy, commit, maximumLayers })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-merge-'))
  storage = await open()
})
afterEach(() => rm(folder, { recursive: true }))

const path = (name: string) => join(folder, 'volumes', `${volumeId}.${name}.qcow2`)
const names = async (id: string) =>
  (await readdir(join(folder, id.startsWith('vol-') ? 'volumes' : 'snapshots')))
    .filter((name) => name.startsWith(id))
    .map((name) => name.slice(id.length + 1).replace('.qcow2', ''))
    .sort()

/** A volume of so many layers, each but the highest of a snapshot, of which these are left. */
async function layered(snapshots: number, left: number[] = []): Promise<void> {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  for (let number = 1; number <= snapshots; number += 1) {
    await storage.snapshotVolume({ volumeId, snapshotId: snapshotId(number) })
  }
  for (let number = 1; number <= snapshots; number += 1) {
    if (!left.includes(number)) await storage.deleteSnapshot(snapshotId(number))
  }
}

describe('layers that nobody else has', () => {
  test.each([
    { left: [], volume: ['4'], mergeable: [volumeId] },
    { left: [1], volume: ['0', '4'], mergeable: [volumeId] },
    { left: [2], volume: ['0', '1', '4'], mergeable: [volumeId] },
    { left: [3], volume: ['0', '1', '2', '4'], mergeable: [volumeId] },
    { left: [4], volume: ['0', '1', '2', '3', '4'], mergeable: [] },
  ])('become one, those of other disks stay: with snapshot $left', async ({ left, volume, mergeable }) => {
    await layered(4, left)
    expect(await storage.mergeable()).toEqual(mergeable)
    await storage.mergeLayers({ id: volumeId })
    expect(await names(volumeId)).toEqual(volume)
    expect(await storage.mergeable()).toEqual([])
    for (const number of left) expect((await names(snapshotId(number))).length).toBe(number)
    expect((await stat(path('4'))).mode & 0o777).toBe(0o600)
  })

  test('of a snapshot become one when its volume and the other snapshots are gone', async () => {
    await layered(3, [3])
    await storage.deleteVolume(volumeId)
    expect(await storage.mergeable()).toEqual([snapshotId(3)])
    await storage.mergeLayers({ id: snapshotId(3) })
    expect(await names(snapshotId(3))).toEqual(['2'])
    expect((await stat(join(folder, 'snapshots', `${snapshotId(3)}.2.qcow2`))).mode & 0o777).toBe(0o400)
  })

  test('are merged up to where it fails, and the next time further', async () => {
    let attempts = 0
    storage = await open(async (job) => {
      attempts += 1
      if (attempts === 3) throw new Error('no space left')
      await emptyCommit(job)
    })
    await layered(4)
    await expect(storage.mergeLayers({ id: volumeId })).rejects.toThrow('no space left')
    expect(await names(volumeId)).toEqual(['2', '3', '4'])
    const { backing } = (await storage.volumeLayer(volumeId)) as { backing: { file: string } }
    expect([backing.file, (await stat(backing.file)).mode & 0o777]).toEqual([path('3'), 0o400])
    await storage.mergeLayers({ id: volumeId })
    expect(await names(volumeId)).toEqual(['4'])
  })

  test('give a volume that is larger than its snapshot was all of its size', async () => {
    await layered(1, [1])
    await storage.createVolume({ id: otherVolumeId, bytes: 2 * GiB, snapshotId: snapshotId(1) })
    for (const gone of [storage.deleteVolume(volumeId), storage.deleteSnapshot(snapshotId(1))]) await gone
    await storage.mergeLayers({ id: otherVolumeId })
    expect(await names(otherVolumeId)).toEqual(['1'])
    expect(await readQcow2Header(join(folder, 'volumes', `${otherVolumeId}.1.qcow2`))).toMatchObject({ bytes: 2 * GiB })
  })

  test('are nothing where there is no such disk', async () => {
    await storage.mergeLayers({ id: volumeId })
    await expect(storage.mergeLayers({ id: '../x' })).rejects.toThrow('no id of a snap')
  })
})

describe('a merge', () => {
  /** A storage whose commits go on until they are broken off. */
  async function endless() {
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    storage = await open(({ signal }) => {
      begin()
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    })
    return { begun }
  }

  test.each<[string, () => Promise<unknown>]>([
    ['asked for its layers', () => storage.volumeLayer(volumeId)],
    ['deleted', () => storage.deleteVolume(volumeId)],
    ['taken a snapshot of', () => storage.snapshotVolume({ volumeId, snapshotId: snapshotId(9) })],
    ['frozen', () => storage.freezeVolume({ volumeId, snapshotId: snapshotId(9) }, async () => undefined)],
  ])('of a volume that is %s is broken off', async (_, job) => {
    const { begun } = await endless()
    await layered(2)
    const merged = storage.mergeLayers({ id: volumeId })
    await begun
    await job()
    await merged
    storage = await open()
    await storage.mergeLayers({ id: volumeId })
  })

  test('of a snapshot is broken off by a volume that is made from it, which keeps what it rests on', async () => {
    const { begun } = await endless()
    await layered(2, [2])
    await storage.deleteVolume(volumeId)
    const merged = storage.mergeLayers({ id: snapshotId(2) })
    await begun
    await storage.createVolume({ id: otherVolumeId, bytes: GiB, snapshotId: snapshotId(2) })
    await merged
    expect(await storage.mergeable()).toEqual([])
    expect(await names(otherVolumeId)).toEqual(['0.base', '1.base', '2'])
  })

  test('that waits for its turn is broken off as well; one that is aborted rejects', async () => {
    const { begun } = await endless()
    await layered(2)
    const abort = new AbortController()
    const merged = storage.mergeLayers({ id: volumeId, signal: abort.signal })
    await begun
    abort.abort(new Error('stopping'))
    await expect(merged).rejects.toThrow('stopping')
    const deleted = storage.deleteVolume(volumeId)
    await Promise.all([storage.mergeLayers({ id: volumeId }), storage.volumeLayer(volumeId).catch(() => undefined)])
    await deleted
    expect(await names(volumeId)).toEqual([])
  })
})

describe('a volume that a machine uses', () => {
  /** A machine that has these layers open; what it is asked is noted. */
  function machine(files: string[], asked: unknown[], outcome: boolean | Error = true): LayersInUse {
    const answer = async (question: unknown) => {
      asked.push(question)
      if (outcome instanceof Error) throw outcome
      return outcome
    }
    return {
      files: files.map(path),
      merge: (layers) => answer(layers),
      replaceBase: async (base) => void (await answer(base)),
    }
  }
  const all = ['0', '1', '2', '3', '4']

  test('keeps its lowest and its highest layer, once the machine has let go of the others', async () => {
    await layered(4, [1])
    const asked: unknown[] = []
    await storage.mergeLayers({ id: volumeId, inUse: machine(all, asked) })
    expect(asked).toEqual([{ base: path('1'), above: [path('2'), path('3')] }])
    expect(await names(volumeId)).toEqual(['0', '1', '4'])
    expect((await stat(path('1'))).mode & 0o777).toBe(0o400)
    await storage.mergeLayers({ id: volumeId, inUse: machine(['0', '1', '4'], asked) })
    expect(asked).toHaveLength(1)
  })

  test.each([false, new Error('it ended')])('keeps all when the machine does not merge them: %s', async (outcome) => {
    await layered(4)
    const merged = storage.mergeLayers({ id: volumeId, inUse: machine(all, [], outcome) })
    await (outcome ? expect(merged).rejects.toThrow('it ended') : merged)
    expect(await names(volumeId)).toEqual(all)
  })

  test('is left alone while the machine writes to another layer than the highest', async () => {
    storage = await open(emptyCommit, 10)
    await layered(4)
    const asked: unknown[] = []
    for (const files of [all.slice(0, -1), [...all.slice(0, -1), '5'], [...all, '5']]) {
      await storage.mergeLayers({ id: volumeId, inUse: machine(files, asked) })
    }
    expect(asked).toEqual([])
    expect(await names(volumeId)).toEqual(all)
  })

  test('rests on a flat copy when it is too deep, whose name is there before the machine takes it', async () => {
    storage = await open(emptyCommit, 12)
    const left = [1, 2, 3, 4]
    await layered(4, left)
    const asked: unknown[] = []
    const failing = storage.mergeLayers({ id: volumeId, inUse: machine(all, asked, new Error('it ended')) })
    await expect(failing).rejects.toThrow('it ended')
    expect(asked).toEqual([{ format: 'qcow2', file: path('3.flat'), backing: null }])
    expect(await names(volumeId)).toEqual([...all.slice(0, 4), '3.flat', '4'].sort())
    expect(await storage.volumeLayer(volumeId)).toMatchObject({ file: path('4'), backing: { file: path('3.flat') } })
    // As a machine that starts has it, after a crash as well.
    await storage.mergeLayers({ id: volumeId, inUse: machine(['3.flat', '4'], asked) })
    expect(await names(volumeId)).toEqual(['3.flat', '4'])
    expect((await names(snapshotId(4))).length).toBe(4)
    await storage.snapshotVolume({ volumeId, snapshotId: snapshotId(5) })
    expect(await names(snapshotId(5))).toEqual(['3.base', '4'])
  })
})

describe('a flat copy', () => {
  test('is made of a volume that is too deep, not of one that was just made from a deep snapshot', async () => {
    storage = await open(emptyCommit, 12)
    await layered(4, [1, 2, 3, 4])
    await storage.createVolume({ id: otherVolumeId, bytes: GiB, snapshotId: snapshotId(4) })
    expect(await storage.mergeable()).toEqual([volumeId])
    await storage.mergeLayers({ id: volumeId })
    expect(await names(volumeId)).toEqual(['3.flat', '4'])
    expect((await storage.usage()).bytesAllocated).toBeLessThan(10 * MiB)
  })

  test('that a crash cut short goes at the next start; one that has its name stands for all beneath', async () => {
    await layered(2, [1, 2])
    await writeFile(join(folder, 'volumes', `${volumeId}.qcow2.new`), 'half')
    expect(await storage.sweep({ volumes: [volumeId], snapshots: [1, 2].map(snapshotId) })).toHaveLength(1)
    await emptyCopy({ source: await storage.volumeLayer(volumeId), target: path('x'), bytes: GiB })
    await rename(path('x'), path('1.flat'))
    expect(await storage.mergeable()).toEqual([volumeId])
    expect(await storage.volumeLayer(volumeId)).toMatchObject({ backing: { file: path('1.flat'), backing: null } })
    await storage.mergeLayers({ id: volumeId })
    expect(await names(volumeId)).toEqual(['2'])
  })
})
