import { describe, expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud, theText } from '../cloud.harness.ts'
import { makeSnapshot, registerEbs, told } from '../ec2/volume/volume.harness.ts'

/** A snapshot that is deleted although volumes that were promised are still to be made from it. */
describe('a deleted snapshot', () => {
  const create = async (it: TestCloud, SnapshotId: string) =>
    theText(await it.call('CreateVolume', { AvailabilityZone: 'one', SnapshotId }), 'volumeId')
  const snapshots = async (it: TestCloud) => (await it.cloud.storage.usage()).snapshots

  /** Holds up the making of the volumes that are created until it is told to go on; then they are made, or fail. */
  function holdUp(it: TestCloud, succeeds = true): () => void {
    let go: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      go = resolve
    })
    const make = it.cloud.storage.createVolume
    vi.spyOn(it.cloud.storage, 'createVolume').mockImplementation(async (volume) => {
      await released
      if (!succeeds) throw new Error('no space left')
      await make(volume)
    })
    return () => go()
  }

  test('is there for volumes and launches that were promised, and goes with the last of them', async () => {
    const it = await freshCloud()
    const SnapshotId = await makeSnapshot(it)
    const ImageId = await registerEbs(it, { 'BlockDeviceMapping.1.Ebs.SnapshotId': SnapshotId })
    const before = await snapshots(it)
    const go = holdUp(it)
    const volume = await create(it, SnapshotId)
    const ids = [await it.run({ ImageId }), await it.run({ ImageId }), await it.run({ ImageId })]
    await it.call('DeregisterImage', { ImageId })
    await it.call('DeleteSnapshot', { SnapshotId })
    go()
    await it.idle()
    expect(ids.map((id) => it.cloud.instances.get(id)?.state)).toEqual(['running', 'running', 'running'])
    expect(await told(it, volume)).toBe('available')
    expect(await snapshots(it)).toBe(before - 1)
  })

  test('is there for them after a crash', async () => {
    const before = await freshCloud()
    const SnapshotId = await makeSnapshot(before)
    const go = holdUp(before)
    const volume = await create(before, SnapshotId)
    await before.call('DeleteSnapshot', { SnapshotId })
    const restarting = before.restart('crash')
    go()
    const it = await restarting
    await it.idle()
    expect(await told(it, volume)).toBe('available')
    expect(await snapshots(it)).toBe(0)
  })

  test.each(['cannot be made', 'is deleted'])('goes when the volume from it %s', async (how) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const it = await freshCloud()
    const SnapshotId = await makeSnapshot(it)
    const go = holdUp(it, how === 'is deleted')
    const VolumeId = await create(it, SnapshotId)
    await it.call('DeleteSnapshot', { SnapshotId })
    if (how === 'is deleted') await it.call('DeleteVolume', { VolumeId })
    expect(await snapshots(it)).toBe(1)
    go()
    await it.idle()
    expect(await told(it, VolumeId)).toBe(how === 'is deleted' ? 'deleted' : 'error')
    expect(await snapshots(it)).toBe(0)
    said.mockRestore()
  })
})
