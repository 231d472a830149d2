import type { Cloud, Disks } from '../cloud.ts'
import { isBundleCopy } from '../ec2/image/image.ts'
import { type SnapshotRecord, snapshotLife } from '../ec2/snapshot/snapshot.ts'
import { forgetDeleted, moveVolume, type VolumeRecord } from '../ec2/volume/volume.ts'
import { move } from '../state/life.ts'
import type { Draft } from '../state/store.ts'
import { copyImage } from './copy-image.ts'
import { createImage } from './create-image.ts'
import type { Host } from './host.ts'
import { breakUnfinished } from './image-snapshots.ts'
import { layerMerging } from './layer-merging.ts'
import { plug, unplug } from './plugging.ts'
import { takeSnapshot } from './volume-snapshots.ts'

/**
 * The disks of a host's volumes and snapshots. Jobs on a volume follow each other, in its turn of `host.inTurn`; those
 * that touch a machine are also in the instance's turn, which they take first, so that they meet no boot and no end.
 */
export function createDisks(host: Host): Disks {
  const start = (name: string, id: string, run: (signal: AbortSignal) => Promise<void>) =>
    host.cloud.tasks.start(`${name} ${id}`, run)
  return {
    create: (id) => start('create', id, () => create(host, id)),
    remove: (id) => start('delete', id, () => host.inTurn.run(id, () => removeVolume(host, id))),
    plug: (id) => start('attach', id, (signal) => plug(host, id, signal)),
    unplug: (id, force) => start('detach', id, (signal) => unplug(host, id, force, signal)),
    snapshot: (id) => start('snapshot', id, (signal) => takeSnapshot(host, id, signal)),
    createImage: (id) => start('image', id, (signal) => createImage(host, id, signal)),
    copyImage: (id) => start('image', id, (signal) => copyImage(host, id, signal)),
    removeSnapshot: (id) => start('delete', id, () => removeSnapshot(host.cloud, id)),
    mergeLayers: layerMerging(host),
  }
}

/**
 * Brings the disks back as the records have them, before any machine starts: unfinished files go, what a stop or a crash
 * interrupted is settled, volumes that were being made or deleted still are.
 */
export async function disksUp(host: Host): Promise<void> {
  const { cloud } = host
  await cloud.store.change((draft) => {
    breakUnfinished(cloud, draft)
    for (const snapshot of cloud.snapshots.in(draft).list()) failUnfinished(cloud, draft, snapshot)
    for (const volume of cloud.volumes.in(draft).list()) settle(cloud, draft, volume)
    forgetDeleted(cloud, draft)
  })
  const volumes = cloud.volumes.list()
  await cloud.storage.sweep({
    volumes: volumes.filter(({ made, state }) => made && state !== 'deleted').map(({ id }) => id),
    snapshots: [
      ...cloud.snapshots.list().flatMap(({ id, state }) => (state === 'completed' ? [id] : [])),
      ...volumes.flatMap((volume) => snapshotToCome(volume) ?? []),
    ],
  })
  for (const { id, state } of volumes) {
    if (state === 'creating') cloud.disks.create(id)
    if (state === 'deleting') cloud.disks.remove(id)
  }
  for (const image of cloud.images.list()) if (isBundleCopy(image)) cloud.disks.copyImage(image.id)
  cloud.disks.mergeLayers()
}

/** The copy of a snapshot that is pending now ended with the emulator. */
function failUnfinished(cloud: Cloud, draft: Draft, snapshot: SnapshotRecord): void {
  if (snapshot.state !== 'pending') return
  const failure = 'the cloud was stopped while the snapshot was made'
  cloud.snapshots.in(draft).put({ ...snapshot, state: move(snapshotLife, snapshot.state, 'broke'), failure })
}

/**
 * No machine runs now: what was to be taken out is out, and what was to be plugged is there when the machine starts.
 * Volumes of a launch that is not done are the launch's to settle.
 */
function settle(cloud: Cloud, draft: Draft, volume: VolumeRecord): void {
  const { attachment } = volume
  if (!attachment) return
  if (attachment.state === 'detaching' || attachment.state === 'detaching_failed') {
    moveVolume(cloud, draft, volume, 'detach')
  } else if (attachment.state === 'attaching' && attachment.atLaunch === undefined) {
    cloud.volumes.in(draft).put({ ...volume, attachment: { ...attachment, state: 'attached' } })
  }
}

/** The snapshot that the disk of a volume is still to be made from. */
const snapshotToCome = ({ snapshotId, made, state }: VolumeRecord): string | undefined =>
  !made && (state === 'creating' || state === 'in-use') ? snapshotId : undefined

/**
 * Removes the disk of a snapshot whose record is gone, once no volume that was promised before is to be made from it:
 * asked again when such a volume is made or will not be.
 */
async function removeSnapshot(cloud: Cloud, id: string): Promise<void> {
  const isWanted = cloud.snapshots.get(id) || cloud.volumes.list().some((volume) => snapshotToCome(volume) === id)
  if (isWanted) return
  await cloud.storage.deleteSnapshot(id)
  cloud.disks.mergeLayers()
}

/** A volume no longer needs the snapshot that it comes from, which may have waited for that to go. */
function letSnapshotGo(cloud: Cloud, { snapshotId }: VolumeRecord): void {
  if (snapshotId !== undefined && !cloud.snapshots.get(snapshotId)) cloud.disks.removeSnapshot(snapshotId)
}

/**
 * Makes the disk of a volume in its turn, unless it is made by then or no longer wanted: of one that is being created, and
 * of one that a launch needs. Rejects when it cannot be made.
 */
export async function makeVolume({ cloud, inTurn }: Host, id: string): Promise<void> {
  await inTurn.run(id, async () => {
    const volume = cloud.volumes.get(id)
    if (!volume || volume.made || volume.state === 'deleting') return
    await cloud.storage.createVolume({ id, bytes: volume.size * 2 ** 30, snapshotId: volume.snapshotId })
    await changeVolume(cloud, id, (draft, current) => {
      const made = { ...current, made: true }
      // It may be deleting by now, which is next in turn.
      if (current.state === 'creating') moveVolume(cloud, draft, made, 'made')
      else cloud.volumes.in(draft).put(made)
    })
    letSnapshotGo(cloud, volume)
  })
}

async function create(host: Host, id: string): Promise<void> {
  try {
    await makeVolume(host, id)
  } catch (error) {
    await changeVolume(host.cloud, id, (draft, current) => {
      if (current.state === 'creating') moveVolume(host.cloud, draft, current, 'broke')
    })
    const volume = host.cloud.volumes.get(id)
    if (volume) letSnapshotGo(host.cloud, volume)
    throw error
  }
}

async function removeVolume({ cloud }: Host, id: string): Promise<void> {
  const volume = cloud.volumes.get(id)
  if (volume?.state !== 'deleting') return
  await cloud.storage.deleteVolume(id)
  await changeVolume(cloud, id, (draft, current) => {
    // AWS does not show what is deleted.
    if (cloud.settings.fidelity === 'aws') cloud.volumes.in(draft).remove(id)
    else moveVolume(cloud, draft, current, 'gone', { deletedAt: cloud.clock.now().toISOString() })
    forgetDeleted(cloud, draft)
  })
  letSnapshotGo(cloud, volume)
  cloud.disks.mergeLayers()
}

/** Changes the record of a volume as it is by now; does nothing when it is gone. */
async function changeVolume(cloud: Cloud, id: string, change: (draft: Draft, volume: VolumeRecord) => void) {
  await cloud.store.change((draft) => {
    const volume = cloud.volumes.in(draft).get(id)
    if (volume) change(draft, volume)
  })
}
