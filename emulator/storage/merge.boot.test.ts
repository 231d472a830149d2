import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DiskLayer } from '../disk/layer.ts'
import { imageArgument } from '../disk/qemu-img.ts'
import { diskBytes } from '../disk/size.ts'
import { storageFiles } from './files.ts'
import { qemuImgCommit } from './layer-commit.ts'
import { chain, layersOf } from './layers.ts'
import { openStorage, type Storage } from './storage.ts'

const [volumeId, otherVolumeId, snapshotId] = ['vol-0000000a', 'vol-0000000b', 'snap-0000000c']
const MiB = 2 ** 20

let folder: string
let storage: Storage
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-merge,a:b-'))
  storage = await openStorage({ folder })
})
afterEach(() => rm(folder, { recursive: true }))

const snapshotNumber = (number: number) => `snap-${number.toString(16).padStart(8, '0')}`

async function disk(id: string): Promise<DiskLayer & { format: 'qcow2' }> {
  const files = storageFiles(folder)
  const found = chain(await layersOf(id.startsWith('vol-') ? files.volume(id) : files.snapshot(id)))
  if (!found) throw new Error(`${id} has no disk`)
  return found
}

/** Runs qemu-io's commands; it ends with status 1 when a pattern is not the one that it reads. */
const io = async (id: string, ...commands: string[]) =>
  execa('qemu-io', [
    ...(id.startsWith('snap-') ? ['-r'] : []),
    ...commands.flatMap((command) => ['-c', command]),
    imageArgument(await disk(id)),
  ])

/** What a disk shows, in one number, and that QEMU finds each of its files in order. */
async function checksum(id: string): Promise<string> {
  for (let layer: DiskLayer | null = await disk(id); layer?.format === 'qcow2'; layer = layer.backing) {
    const file = layer.file.replaceAll(',', ',,')
    await execa('qemu-img', ['check', '--image-opts', `driver=qcow2,file.filename=${file},backing=`])
  }
  const raw = join(folder, 'raw')
  await execa('qemu-img', ['convert', '-O', 'raw', imageArgument(await disk(id)), raw])
  const { stdout } = await execa('sha256sum', [raw])
  await rm(raw)
  return stdout.split(' ')[0] ?? ''
}

const mergeAll = async () => {
  for (const id of await storage.mergeable()) await storage.mergeLayers({ id })
}
const used = async () => (await storage.usage()).bytesAllocated / MiB
const names = async (kind: 'volumes' | 'snapshots') => (await readdir(join(folder, kind))).sort()

test('a volume that is rewritten between snapshots that are deleted takes as much room as at first', async () => {
  await storage.createVolume({ id: volumeId, bytes: 64 * MiB })
  await io(volumeId, 'write -P 255 0 8M')
  for (let round = 1; round <= 10; round += 1) {
    await io(volumeId, `write -P ${round} 0 4M`)
    await storage.snapshotVolume({ volumeId, snapshotId: snapshotNumber(round) })
    await storage.deleteSnapshot(snapshotNumber(round))
    await mergeAll()
    expect(await used()).toBeLessThan(10)
    expect(await names('volumes')).toEqual([`${volumeId}.${round}.qcow2`])
  }
  await io(volumeId, 'read -P 10 0 4M', 'read -P 255 4M 4M', 'read -P 0 8M 56M')
  expect(await storage.mergeable()).toEqual([])
})

test('in whatever order snapshots and volumes are deleted, the others show what they did', async () => {
  let seed = 20_261
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const left = new Map<string, string>()
  const volumes = [volumeId]
  const scribble = async (id: string) => {
    const write = () => `write -P ${1 + next(255)} ${next(250) * 64}k ${1 + next(20)}k`
    await io(id, write(), write(), `write -z -u ${next(200) * 64}k 256k`, `discard ${next(200) * 64}k 256k`)
  }
  await storage.createVolume({ id: volumeId, bytes: 20 * MiB })
  for (let step = 1; step <= 9; step += 1) {
    const from = volumes[next(volumes.length)] ?? volumeId
    await scribble(from)
    await storage.snapshotVolume({ volumeId: from, snapshotId: snapshotNumber(step) })
    left.set(snapshotNumber(step), await checksum(snapshotNumber(step)))
    if (step % 3 > 0) continue
    const id = `vol-${(100 + step).toString(16).padStart(8, '0')}`
    await storage.createVolume({ id, bytes: (20 + step) * MiB, snapshotId: snapshotNumber(1 + next(step)) })
    volumes.push(id)
  }
  for (const id of volumes) {
    await scribble(id)
    left.set(id, await checksum(id))
  }
  while (left.size > 0) {
    const id = [...left.keys()][next(left.size)] ?? ''
    left.delete(id)
    await (id.startsWith('vol-') ? storage.deleteVolume(id) : storage.deleteSnapshot(id))
    await mergeAll()
    for (const [other, sum] of left) expect([other, await checksum(other)]).toEqual([other, sum])
  }
  expect(await storage.usage()).toEqual({ volumes: 0, snapshots: 0, bytesAllocated: 0 })
}, 300_000)

test('a volume takes over a smaller snapshot that is gone, and keeps its own size', async () => {
  await storage.createVolume({ id: volumeId, bytes: 8 * MiB })
  await io(volumeId, 'write -P 1 0 8M')
  await storage.snapshotVolume({ volumeId, snapshotId })
  await storage.createVolume({ id: otherVolumeId, bytes: 16 * MiB, snapshotId })
  await io(otherVolumeId, 'write -P 2 12M 1M')
  await storage.deleteVolume(volumeId)
  await storage.deleteSnapshot(snapshotId)
  await mergeAll()
  expect(await names('volumes')).toEqual([`${otherVolumeId}.1.qcow2`])
  expect(await diskBytes(await disk(otherVolumeId))).toBe(16 * MiB)
  await io(otherVolumeId, 'read -P 1 0 8M', 'read -P 0 8M 4M', 'read -P 2 12M 1M', 'read -P 0 13M 3M')
})

/** A volume of layers that nobody else has: 48 MiB in the second one, which is to be merged into the first. */
async function layered(): Promise<string> {
  await storage.createVolume({ id: volumeId, bytes: 64 * MiB })
  await io(volumeId, 'write -P 1 0 64M')
  for (const number of [1, 2]) {
    await storage.snapshotVolume({ volumeId, snapshotId: snapshotNumber(number) })
    await io(volumeId, `write -P ${number + 1} ${number * 4}M 48M`)
    await storage.deleteSnapshot(snapshotNumber(number))
  }
  return checksum(volumeId)
}

const blocks = async (file: string) => (await stat(file, { bigint: true })).mtimeNs

test('a merge whose process is killed half way leaves the volume as it was, and the next one goes on', async () => {
  const sum = await layered()
  for (const [part, layer] of [
    [4, 1],
    [17, 1],
    [40, 1],
  ]) {
    const layers = await layersOf(storageFiles(folder).volume(volumeId))
    const top = chain(layers.slice(0, (layer ?? 0) + 1))
    if (!top) throw new Error('no layers')
    // So slow that it has written just this much when it is killed.
    const args = ['commit', '-q', '-d', '-r', `${part}M`, imageArgument(top)]
    const child = spawn('qemu-img', args, { stdio: 'ignore' })
    const before = await blocks(layers[0]?.file ?? '')
    while ((await blocks(layers[0]?.file ?? '')) === before) await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
    expect(await checksum(volumeId)).toBe(sum)
  }
  storage = await openStorage({ folder })
  await mergeAll()
  expect(await checksum(volumeId)).toBe(sum)
  expect(await names('volumes')).toEqual([`${volumeId}.2.qcow2`])
})

test('a snapshot that is asked for breaks a merge off, and holds what the volume does', async () => {
  const sum = await layered()
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  storage = await openStorage({
    folder,
    commit: (job) => {
      begin()
      return qemuImgCommit(job)
    },
  })
  const merged = storage.mergeLayers({ id: volumeId })
  await begun
  await storage.snapshotVolume({ volumeId, snapshotId })
  await merged
  expect(await checksum(snapshotId)).toBe(sum)
  expect(await checksum(volumeId)).toBe(sum)
  expect(await names('volumes')).toHaveLength(4)
  await storage.deleteSnapshot(snapshotId)
  await mergeAll()
  expect(await checksum(volumeId)).toBe(sum)
  expect(await names('volumes')).toHaveLength(1)
})

test('a volume that is too deep rests on a copy of its own, and its snapshots stay what they were', async () => {
  storage = await openStorage({ folder, maximumLayers: 12 })
  await storage.createVolume({ id: volumeId, bytes: 16 * MiB })
  const sums = new Map<string, string>()
  for (let round = 1; round <= 20; round += 1) {
    await io(volumeId, `write -P ${round} 0 1M`, `write -P ${round} ${round % 16}M 64k`, 'write -z -u 2M 1M')
    await storage.snapshotVolume({ volumeId, snapshotId: snapshotNumber(round) })
    sums.set(snapshotNumber(round), await checksum(snapshotNumber(round)))
    await mergeAll()
    expect((await names('volumes')).length).toBeLessThanOrEqual(4)
  }
  for (const [id, sum] of sums) expect(await checksum(id)).toBe(sum)
  const now = await checksum(volumeId)
  expect(now).toBe(sums.get(snapshotNumber(20)))
  for (const id of sums.keys()) await storage.deleteSnapshot(id)
  await mergeAll()
  expect(await checksum(volumeId)).toBe(now)
  expect(await names('volumes')).toHaveLength(1)
}, 120_000)
