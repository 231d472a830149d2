import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { attach, makeSnapshot, makeVolume } from '../ec2/volume/volume.harness.ts'
import { driveIdOf } from '../ec2/volume/volume.ts'

/** The names of a volume's layers, without what is the same in all. */
const layers = ({ cloud }: TestCloud, id: string) =>
  readdirSync(join(cloud.files.storage, 'volumes'))
    .filter((name) => name.startsWith(id))
    .map((name) => name.slice(id.length + 1).replace('.qcow2', ''))
    .sort()

async function deleted(it: TestCloud, SnapshotId: string): Promise<void> {
  await it.call('DeleteSnapshot', { SnapshotId })
  await it.idle()
}

async function snapshots(it: TestCloud, volume: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let number = 0; number < count; number += 1) ids.push(await makeSnapshot(it, volume))
  await it.idle()
  return ids
}

describe('the layers of deleted snapshots', () => {
  test('are merged in an idle volume', async () => {
    const it = await freshCloud()
    const volume = await makeVolume(it)
    for (const id of await snapshots(it, volume, 3)) await deleted(it, id)
    expect(layers(it, volume)).toEqual(['3'])
  })

  test('are merged by the machine that uses the volume, and all when it does not any more', async () => {
    const it = await freshCloud()
    const instance = await it.run()
    const volume = await makeVolume(it)
    await attach(it, volume, instance)
    const [first = '', ...others] = await snapshots(it, volume, 4)
    for (const id of others) await deleted(it, id)
    expect(layers(it, volume)).toEqual(['0', '1', '4'])
    const open = it.hypervisor.machine(instance).layers(driveIdOf(volume))
    expect(open.map((file) => basename(file))).toEqual(['0', '1', '4'].map((layer) => `${volume}.${layer}.qcow2`))
    await it.call('TerminateInstances', { 'InstanceId.1': instance })
    await it.idle()
    await deleted(it, first)
    expect(layers(it, volume)).toEqual(['4'])
  })

  test('are merged after the volume is deleted, in the snapshot that is left', async () => {
    const it = await freshCloud()
    const VolumeId = await makeVolume(it)
    const [first = '', second = '', last = ''] = await snapshots(it, VolumeId, 3)
    for (const id of [first, second]) await deleted(it, id)
    await it.call('DeleteVolume', { VolumeId })
    await it.idle()
    const names = readdirSync(join(it.cloud.files.storage, 'snapshots'))
    expect(names).toEqual([`${last}.2.qcow2`])
  })

  test('are merged at a start when they were not before; a volume that its instance takes meanwhile stays whole', async () => {
    const before = await freshCloud()
    const instance = await before.run()
    const [idle, used] = [await makeVolume(before), await makeVolume(before)]
    await attach(before, used, instance)
    vi.spyOn(before.cloud.disks, 'mergeLayers').mockImplementation(() => undefined)
    for (const volume of [idle, used]) for (const id of await snapshots(before, volume, 2)) await deleted(before, id)
    expect(layers(before, idle)).toHaveLength(3)
    const it = await before.restart('orderly')
    await it.idle()
    expect(layers(it, idle)).toEqual(['2'])
    const open = it.hypervisor.machine(instance).layers(driveIdOf(used))
    expect(open.map((file) => basename(file))).toEqual(layers(it, used).map((layer) => `${used}.${layer}.qcow2`))
  })

  test('stay where they cannot be merged, which is told, and others are merged', async () => {
    const it = await freshCloud()
    const volumes = [await makeVolume(it), await makeVolume(it)].sort()
    const ids = [await snapshots(it, volumes[0] ?? '', 1), await snapshots(it, volumes[1] ?? '', 1)].flat()
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const merge = it.cloud.storage.mergeLayers
    vi.spyOn(it.cloud.storage, 'mergeLayers').mockImplementation((job) =>
      job.id === volumes[0] ? Promise.reject(new Error('no space left')) : merge(job),
    )
    for (const id of ids) await deleted(it, id)
    expect(volumes.map((volume) => layers(it, volume))).toEqual([['0', '1'], ['1']])
    expect(said).toHaveBeenCalledWith('merge layers:', new Error(`the layers of ${volumes[0]} were not merged`))
    said.mockRestore()
  })

  test('of disks that no record knows are left alone', async () => {
    const it = await freshCloud()
    const [volume, unknown] = [await makeVolume(it), 'vol-0badcafe']
    const [id = ''] = await snapshots(it, volume, 1)
    await it.cloud.storage.createVolume({ id: unknown, bytes: 2 ** 30, snapshotId: id })
    await it.call('DeleteVolume', { VolumeId: volume })
    await deleted(it, id)
    expect(layers(it, unknown)).toEqual(['0.base', '1'])
  })
})
