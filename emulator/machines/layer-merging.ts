import { driveIdOf } from '../ec2/volume/volume.ts'
import type { Machine } from '../node/hypervisor.ts'
import { untilAborted } from '../state/until-aborted.ts'
import type { LayersInUse } from '../storage/merge.ts'
import type { Host } from './host.ts'

/**
 * Makes what merges the layers of volumes and snapshots that nobody needs apart any more: in the background, one disk after
 * the other, once more when it is asked again meanwhile.
 */
export function layerMerging(host: Host): () => void {
  let isWanted = false
  let isRunning = false
  const run = async (signal: AbortSignal) => {
    try {
      while (isWanted) {
        isWanted = false
        await mergeAll(host, signal)
      }
    } finally {
      isRunning = false
    }
  }
  return () => {
    isWanted = true
    if (isRunning) return
    isRunning = true
    host.cloud.tasks.start('merge layers', run)
  }
}

/** One disk that cannot be merged does not keep the others from it; the first reason is told. */
async function mergeAll(host: Host, signal: AbortSignal): Promise<void> {
  const failures: unknown[] = []
  for (const id of await host.cloud.storage.mergeable()) {
    signal.throwIfAborted()
    try {
      await mergeOne(host, id, signal)
    } catch (cause) {
      failures.push(new Error(`the layers of ${id} were not merged`, { cause }))
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** Only disks that a record knows: others may be open, as copies on their way out. */
async function mergeOne(host: Host, id: string, signal: AbortSignal): Promise<void> {
  const { storage, snapshots, volumes } = host.cloud
  if (snapshots.get(id)?.state === 'completed') return storage.mergeLayers({ id, signal })
  const instanceId = volumes.get(id)?.attachment?.instanceId
  let merged: Promise<void> = Promise.resolve()
  // What is to happen with the volume afterwards need not wait: it breaks the merge off.
  const begin = async () => {
    const volume = volumes.get(id)
    const isWhole = volume?.made && (volume.state === 'available' || volume.state === 'in-use')
    // It may have come to another instance while this waited, which asks again when it is done.
    if (!isWhole || volume.attachment?.instanceId !== instanceId) return
    const machine = instanceId === undefined ? undefined : host.running.get(instanceId)?.machine
    const holds = machine?.drives.includes(driveIdOf(id))
    merged = storage.mergeLayers({ id, signal, inUse: holds ? inUseBy(machine, driveIdOf(id)) : undefined })
    merged.catch(() => undefined)
  }
  const inVolumesTurn = () => host.inTurn.run(id, begin)
  await (instanceId === undefined ? inVolumesTurn() : host.inTurn.run(instanceId, inVolumesTurn))
  await merged
}

const inUseBy = (machine: Machine | undefined, driveId: string): LayersInUse | undefined =>
  machine && {
    files: machine.layers(driveId),
    merge: (layers, signal) => machine.mergeLayers(driveId, layers, signal),
    replaceBase: (base, signal) => untilAborted(machine.replaceBase(driveId, base), signal),
  }
