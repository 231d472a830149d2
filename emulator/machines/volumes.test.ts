import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, items, type TestCloud, theText } from '../cloud.harness.ts'
import { attach, hold, makeSnapshot, makeVolume, stoppedInstance, told } from '../ec2/volume/volume.harness.ts'
import { driveIdOf, type VolumeRecord } from '../ec2/volume/volume.ts'

/** Changes a volume's record, as an earlier emulator may have left it. */
async function leave(it: TestCloud, id: string, change: (volume: VolumeRecord) => VolumeRecord): Promise<void> {
  await it.cloud.store.change((draft) => {
    const volumes = it.cloud.volumes.in(draft)
    volumes.put(change(volumes.get(id)!))
  })
}

/** A running instance that has a volume plugged in. */
async function attached(it: TestCloud): Promise<{ id: string; volume: string }> {
  const id = await it.run()
  const volume = await makeVolume(it)
  await attach(it, volume, id)
  return { id, volume }
}

const attaching = { device: '/dev/sdf', attachedAt: '2026-01-01T00:00:00.000Z', deleteOnTermination: false }

describe('a start', () => {
  test.each(['orderly', 'crash'] as const)('after an end (%s) has all volumes and snapshots as before', async (how) => {
    const before = await freshCloud()
    const { id, volume } = await attached(before)
    const SnapshotId = await makeSnapshot(before, volume)
    const idle = await makeVolume(before, { SnapshotId })
    const it = await before.restart(how)
    await it.idle()
    expect(await told(it, volume)).toBe(`in-use attached ${id} /dev/sdf`)
    expect(it.hypervisor.machine(id).drives).toContain(driveIdOf(volume))
    expect(await told(it, idle)).toBe('available')
    expect(await it.cloud.storage.volumeLayer(idle)).toMatchObject({ format: 'qcow2' })
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 2, snapshots: 1 })
  })

  test('goes on with what was under way', async () => {
    const before = await freshCloud()
    const [creating, deleting] = [await makeVolume(before), await makeVolume(before)]
    await before.cloud.storage.deleteVolume(creating)
    await leave(before, creating, (volume) => ({ ...volume, state: 'creating', made: false }))
    await leave(before, deleting, (volume) => ({ ...volume, state: 'deleting' }))
    const it = await before.restart('crash')
    await it.idle()
    expect(await told(it, creating)).toBe('available')
    expect(await it.cloud.storage.volumeLayer(creating)).toMatchObject({ format: 'qcow2' })
    expect(await told(it, deleting)).toBe('deleted')
    await expect(it.cloud.storage.volumeLayer(deleting)).rejects.toThrow('has no disk')
  })

  test('settles what was coming and going', async () => {
    const before = await freshCloud()
    const instanceId = await before.run()
    await before.idle()
    const ids = []
    for (const state of ['attaching', 'detaching', 'detaching_failed'] as const) {
      const id = await makeVolume(before)
      const attachment = { ...attaching, instanceId, state }
      await leave(before, id, (volume) => ({ ...volume, state: 'in-use', attachment }))
      ids.push(id)
    }
    const it = await before.restart('crash')
    await it.idle()
    expect(await Promise.all(ids.map((id) => told(it, id)))).toEqual([
      `in-use attached ${instanceId} /dev/sdf`,
      'available',
      'available',
    ])
    expect(it.hypervisor.machine(instanceId).drives).toEqual(['root', driveIdOf(ids[0] ?? '')])
  })

  test('fails snapshots that were not done, and removes what no record knows', async () => {
    const before = await freshCloud()
    const volume = await makeVolume(before)
    const id = await makeSnapshot(before, volume)
    await before.cloud.store.change((draft) => {
      const snapshots = before.cloud.snapshots.in(draft)
      snapshots.put({ ...snapshots.get(id)!, state: 'pending' })
    })
    const orphan = join(before.cloud.files.storage, 'volumes', 'vol-0badcafe.0.qcow2')
    writeFileSync(orphan, 'nobody knows')
    const it = await before.restart('orderly')
    expect(it.cloud.snapshots.get(id)).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('was stopped'),
    })
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots: 0 })
    expect(existsSync(orphan)).toBe(false)
    expect(await it.call('DeleteSnapshot', { SnapshotId: id })).toMatchObject({ return: 'true' })
  })
})

describe('a plug', () => {
  test('that the machine does not take leaves the volume available', async () => {
    const it = await freshCloud()
    const id = await it.run()
    const volume = await makeVolume(it)
    await it.idle()
    vi.spyOn(console, 'error').mockImplementationOnce(() => undefined)
    vi.spyOn(it.hypervisor.machine(id), 'plug').mockRejectedValueOnce(new Error('no slot left'))
    await attach(it, volume, id)
    expect(await told(it, volume)).toBe('available')
    expect(console.error).toHaveBeenCalledWith(`attach ${volume}:`, new Error('no slot left'))
    await attach(it, volume, id)
    expect(it.hypervisor.machine(id).drives).toContain(driveIdOf(volume))
  })

  test('of an instance that ends meanwhile leaves the volume available', async () => {
    const it = await freshCloud()
    const InstanceId = await it.run()
    const VolumeId = await makeVolume(it)
    const release = hold(it, VolumeId)
    await it.call('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await it.call('TerminateInstances', { 'InstanceId.1': InstanceId })
    release()
    await it.idle()
    expect(await told(it, VolumeId)).toBe('available')
  })

  test('is not needed after a reboot, which has the volume', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.hypervisor.machine(id).drives).toContain(driveIdOf(volume))
    expect(await told(it, volume)).toBe(`in-use attached ${id} /dev/sdf`)
  })
})

describe('an unplug', () => {
  test('of a machine that ends meanwhile leaves the volume available', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    const machine = it.hypervisor.machine(id)
    vi.spyOn(machine, 'unplug').mockImplementationOnce(async () => {
      await machine.end()
      throw new Error('machine has ended')
    })
    await it.call('DetachVolume', { VolumeId: volume })
    await it.idle()
    expect(await told(it, volume)).toBe('available')
  })

  test('that fails leaves the volume attached, which is said', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    vi.spyOn(console, 'error').mockImplementationOnce(() => undefined)
    vi.spyOn(it.hypervisor.machine(id), 'unplug').mockRejectedValueOnce(new Error('QMP says no'))
    await it.call('DetachVolume', { VolumeId: volume })
    await it.idle()
    expect(await told(it, volume)).toBe(`in-use detaching_failed ${id} /dev/sdf`)
    expect(console.error).toHaveBeenCalledWith(`detach ${volume}:`, new Error('QMP says no'))
  })
})

describe('a snapshot', () => {
  const begin = async (it: TestCloud, VolumeId: string) =>
    theText(await it.call('CreateSnapshot', { VolumeId }), 'snapshotId')
  /** A copy that goes on until it is told to finish. */
  function gate() {
    let open: () => void = () => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    return { opened, open: () => open() }
  }

  /** A volume that is too deep for one more layer has to be copied. */
  const tooDeep = (it: TestCloud) => vi.spyOn(it.cloud.storage, 'freezeVolume').mockResolvedValueOnce(undefined)

  test('of a volume in a running machine has the machine go on in another layer', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    const machine = it.hypervisor.machine(id)
    const [goesOn, copies] = [vi.spyOn(machine, 'addLayer'), vi.spyOn(machine, 'snapshot')]
    const before = await it.cloud.storage.volumeLayer(volume)
    const snapshot = await makeSnapshot(it, volume)
    const after = await it.cloud.storage.volumeLayer(volume)
    expect(goesOn.mock.calls).toEqual([[driveIdOf(volume), after]])
    expect(after).toMatchObject({ backing: before })
    expect(copies).not.toHaveBeenCalled()
    expect(it.cloud.snapshots.get(snapshot)?.state).toBe('completed')
  })

  test('of a volume in a running machine is a copy by the machine where the volume is deep', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    const byMachine = vi.spyOn(it.hypervisor.machine(id), 'snapshot')
    tooDeep(it)
    const snapshot = await makeSnapshot(it, volume)
    const target = it.cloud.storage.snapshotTarget(snapshot)
    expect(byMachine.mock.calls.map(([requests]) => requests)).toEqual([[{ driveId: driveIdOf(volume), target }]])
    expect(it.cloud.snapshots.get(snapshot)?.state).toBe('completed')
  })

  test('that the machine refuses leaves none, and the volume as it was', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const { id, volume } = await attached(it)
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.spyOn(it.hypervisor.machine(id), 'addLayer').mockRejectedValueOnce(new Error('no space left'))
    const snapshot = await makeSnapshot(it, volume)
    const [shown] = items(await it.call('DescribeSnapshots', { 'SnapshotId.1': snapshot }), 'snapshotSet')
    expect(shown).toMatchObject({ status: 'error', statusMessage: 'no space left' })
    expect(await it.cloud.storage.usage()).toMatchObject({ snapshots: 0 })
    expect(it.cloud.snapshots.get(await makeSnapshot(it, volume))?.state).toBe('completed')
    vi.mocked(console.error).mockRestore()
  })

  test('that fails says so, and leaves nothing', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    const refusal = new Error('no space left')
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.spyOn(it.hypervisor.machine(id), 'snapshot').mockImplementationOnce(() => {
      const done = Promise.reject(refusal)
      done.catch(() => undefined)
      return { taken: done, done }
    })
    vi.spyOn(it.cloud.storage, 'snapshotVolume').mockRejectedValueOnce(refusal)
    tooDeep(it)
    const ids = [await makeSnapshot(it, volume), await makeSnapshot(it, await makeVolume(it))]
    expect(ids.map((one) => it.cloud.snapshots.get(one)?.state)).toEqual(['failed', 'failed'])
    expect(await it.cloud.storage.usage()).toMatchObject({ snapshots: 0 })
    vi.mocked(console.error).mockRestore()
  })

  test('of an idle volume holds up its plug and its end', async () => {
    const it = await freshCloud()
    const id = await it.run()
    const [plugged, deleted] = [await makeVolume(it), await makeVolume(it)]
    const { opened, open } = gate()
    const copy = it.cloud.storage.snapshotVolume
    vi.spyOn(it.cloud.storage, 'snapshotVolume').mockImplementation((job) => opened.then(() => copy(job)))
    const snapshots = [await begin(it, plugged), await begin(it, deleted)]
    await vi.waitFor(() => expect(it.cloud.storage.snapshotVolume).toHaveBeenCalledTimes(2))
    await it.call('AttachVolume', { VolumeId: plugged, InstanceId: id, Device: '/dev/sdf' })
    await it.call('DeleteVolume', { VolumeId: deleted })
    expect(it.hypervisor.machine(id).drives).toEqual(['root'])
    expect(await told(it, deleted)).toBe('deleting')
    open()
    await it.idle()
    expect(snapshots.map((one) => it.cloud.snapshots.get(one)?.state)).toEqual(['completed', 'completed'])
    expect(it.hypervisor.machine(id).drives).toEqual(['root', driveIdOf(plugged)])
    expect(await told(it, deleted)).toBe('deleted')
  })

  test('of a stopped instance holds up its start', async () => {
    const it = await freshCloud()
    const { id, root } = await stoppedInstance(it)
    const { opened, open } = gate()
    const copy = it.cloud.storage.snapshotVolume
    vi.spyOn(it.cloud.storage, 'snapshotVolume').mockImplementation((job) => opened.then(() => copy(job)))
    const snapshot = await begin(it, root)
    await vi.waitFor(() => expect(it.cloud.storage.snapshotVolume).toHaveBeenCalledTimes(1))
    await it.call('StartInstances', { 'InstanceId.1': id })
    expect(() => it.hypervisor.machine(id)).toThrow('no machine')
    open()
    await it.idle()
    expect(it.cloud.snapshots.get(snapshot)?.state).toBe('completed')
    expect(it.hypervisor.machine(id).drives).toEqual([driveIdOf(root)])
  })

  test('of a running machine lets its instance go on once it is taken, and holds up the unplug', async () => {
    const it = await freshCloud()
    const { id, volume } = await attached(it)
    const machine = it.hypervisor.machine(id)
    const { opened, open } = gate()
    const copy = machine.snapshot
    vi.spyOn(machine, 'snapshot').mockImplementationOnce((requests, options) => {
      const { taken } = copy(requests, options)
      return { taken, done: opened }
    })
    const unplug = vi.spyOn(machine, 'unplug')
    tooDeep(it)
    const snapshot = await begin(it, volume)
    const other = await makeVolumeWhileBusy(it)
    await it.call('AttachVolume', { VolumeId: other, InstanceId: id, Device: '/dev/sdg' })
    await vi.waitFor(() => expect(machine.drives).toContain(driveIdOf(other)))
    await it.call('DetachVolume', { VolumeId: volume })
    expect(it.cloud.snapshots.get(snapshot)?.state).toBe('pending')
    expect(unplug).not.toHaveBeenCalled()
    open()
    await it.idle()
    expect(it.cloud.snapshots.get(snapshot)?.state).toBe('completed')
    expect(await told(it, volume)).toBe('available')
  })

  /** Makes a volume although other work never ends. */
  async function makeVolumeWhileBusy(it: TestCloud): Promise<string> {
    const id = theText(await it.call('CreateVolume', { AvailabilityZone: 'one', Size: '1' }), 'volumeId')
    await vi.waitFor(async () => expect(await told(it, id)).toBe('available'))
    return id
  }
})
