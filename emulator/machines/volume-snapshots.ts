import type { DiskLayer } from '../disk/layer.ts'
import { type SnapshotEvent, snapshotLife } from '../ec2/snapshot/snapshot.ts'
import { driveIdOf } from '../ec2/volume/volume.ts'
import type { Machine } from '../node/hypervisor.ts'
import { move } from '../state/life.ts'
import { untilAborted } from '../state/until-aborted.ts'
import type { Host } from './host.ts'

/**
 * Copies a volume into a pending snapshot, which is then completed or failed; one that the stop of the emulator breaks
 * off stays pending until the next start.
 */
export async function takeSnapshot(host: Host, snapshotId: string, signal: AbortSignal): Promise<void> {
  const volumeId = host.cloud.snapshots.get(snapshotId)?.volumeId
  if (volumeId === undefined) return
  try {
    await copyInTurn(host, volumeId, snapshotId, signal)
    await record(host, snapshotId, 'stored')
    // The volume may have become too deep.
    host.cloud.disks.mergeLayers()
  } catch (error) {
    if (signal.aborted) return
    await record(host, snapshotId, 'broke', (error as Error).message)
    throw error
  }
}

async function record({ cloud }: Host, snapshotId: string, event: SnapshotEvent, failure?: string): Promise<void> {
  await cloud.store.change((draft) => {
    const snapshots = cloud.snapshots.in(draft)
    const snapshot = snapshots.get(snapshotId)
    if (!snapshot) return
    snapshots.put({ ...snapshot, state: move(snapshotLife, snapshot.state, event), ...(failure && { failure }) })
  })
}

/**
 * Copies in the turn of the volume, so that nothing plugs, unplugs or deletes it meanwhile. The turn of its instance is
 * held until the instant of the copy has passed: for a machine that runs a moment, for one that does not the whole copy,
 * as the machine must not start on a disk that is being read.
 */
async function copyInTurn(host: Host, volumeId: string, snapshotId: string, signal: AbortSignal): Promise<void> {
  const holder = () => host.cloud.volumes.get(volumeId)?.attachment?.instanceId
  const instanceId = holder()
  if (instanceId === undefined) {
    const moved = await host.inTurn.run(volumeId, async () => {
      // It may have been attached while this waited.
      if (holder() !== undefined) return true
      await host.cloud.storage.snapshotVolume({ volumeId, snapshotId, signal })
      return false
    })
    return moved ? copyInTurn(host, volumeId, snapshotId, signal) : undefined
  }
  let copied: Promise<void> = Promise.resolve()
  await host.inTurn.run(instanceId, async () => {
    await new Promise<void>((taken) => {
      copied = host.inTurn.run(volumeId, () => {
        const machine = host.running.get(instanceId)?.machine
        return machine?.drives.includes(driveIdOf(volumeId))
          ? copyInUse(host, machine, volumeId, snapshotId, signal, taken)
          : copyIdle(host, volumeId, snapshotId, signal)
      })
      copied.then(taken, () => taken())
    })
  })
  await copied
}

const copyIdle = async ({ cloud }: Host, volumeId: string, snapshotId: string, signal: AbortSignal) =>
  void (await cloud.storage.snapshotVolume({ volumeId, snapshotId, signal }))

/**
 * Has the machine write to another layer from now on, or copy its drive where that is too deep for one more; `taken` is
 * called when the instant has passed.
 */
export async function copyInUse(
  { cloud: { storage } }: Host,
  machine: Machine,
  volumeId: string,
  snapshotId: string,
  signal: AbortSignal,
  taken: () => void,
): Promise<void> {
  const driveId = driveIdOf(volumeId)
  // A layer that the machine comes to write to later, or never, changes nothing of what the volume holds.
  const switchTo = (top: DiskLayer) => untilAborted(machine.addLayer(driveId, top), signal)
  if (await storage.freezeVolume({ volumeId, snapshotId, signal }, switchTo)) return
  const target = storage.snapshotTarget(snapshotId)
  try {
    const copy = machine.snapshot([{ driveId, target }], { signal })
    // When it never comes to that, `done` says why.
    copy.taken.then(taken, () => undefined)
    await copy.done
    await storage.adoptSnapshot(snapshotId)
  } catch (error) {
    await Promise.allSettled([storage.abandonSnapshot(snapshotId)])
    throw error
  }
}
