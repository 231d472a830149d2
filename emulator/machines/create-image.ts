import type { Cloud } from '../cloud.ts'
import type { ImageMapping, ImageSource } from '../ec2/image/image.ts'
import type { InstanceRecord } from '../ec2/instance/instance.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { bareDevice, driveIdOf, type VolumeRecord } from '../ec2/volume/volume.ts'
import type { Machine } from '../node/hypervisor.ts'
import type { Host } from './host.ts'
import { beginSnapshots, completeImage, failImage } from './image-snapshots.ts'
import { shutDown, switchOn } from './launch.ts'
import { breakable } from './under-way.ts'
import { copyInUse } from './volume-snapshots.ts'

/** An image to make of an instance. */
type FromInstance = Extract<ImageSource, { instanceId: string }>

/** A volume of the instance, and the snapshot that it gets. */
interface Copy {
  readonly volumeId: string
  readonly snapshotId: string
}

/**
 * Takes the snapshots of a pending image of all volumes that its instance has by now, as they are at one instant, and makes
 * it available (eucalyptus-behaviour.md section 2.6). One that the stop of the emulator breaks off fails at the next start.
 */
export async function createImage(host: Host, imageId: string, stopping: AbortSignal): Promise<void> {
  const { cloud } = host
  const source = cloud.images.get(imageId)?.source
  if (!source || !('instanceId' in source)) return
  try {
    await fromInstance(host, imageId, source, stopping)
  } catch (error) {
    if (stopping.aborted) return
    await failImage(cloud, imageId, error instanceof Error ? error.message : String(error))
    throw error
  }
}

/**
 * In the instance's turn, which nothing else touches its machine in. With a reboot the guest is shut down, while the
 * instance goes on being called running, and boots again once the image is made, or cannot be; a stop or an end of the
 * instance breaks that off. Without one the turn is over when the instant has passed.
 */
async function fromInstance(host: Host, imageId: string, source: FromInstance, stopping: AbortSignal): Promise<void> {
  const { cloud, inTurn } = host
  const { instanceId, reboot } = source
  let made: Promise<void> = Promise.resolve()
  await inTurn.run(instanceId, async () => {
    const running = host.running.get(instanceId)
    if (!running || !reboot) {
      await new Promise<void>((taken) => {
        made = make(host, imageId, source, stopping, taken)
        made.then(taken, () => taken())
      })
      return
    }
    try {
      await breakable(host, instanceId, stopping, async (signal) => {
        running.endExpected = true
        await shutDown(host, running.machine, cloud.settings.shutdownGrace, signal)
        signal.throwIfAborted()
        await make(host, imageId, source, signal)
      })
    } finally {
      if (!stopping.aborted) await switchOn(host, instanceId, stopping)
    }
  })
  await made
}

async function make(
  host: Host,
  imageId: string,
  source: FromInstance,
  signal: AbortSignal,
  taken: () => void = () => undefined,
): Promise<void> {
  const { cloud } = host
  const instance = cloud.instances.get(source.instanceId)
  if (instance?.state !== 'running' && instance?.state !== 'stopped') {
    throw new Error(`${source.instanceId} is neither running nor stopped any more`)
  }
  const volumes = imageVolumes(cloud, instance, source.suppressed)
  const snapshots = volumes.map(({ id, size }) => ({
    volumeId: id,
    volumeSize: size,
    description: `Created by CreateImage(${instance.id}) for ${imageId} from ${id}`,
  }))
  const ids = await beginSnapshots(cloud, imageId, snapshots)
  const copies = volumes.map(({ id }, index): Copy => ({ volumeId: id, snapshotId: ids[index] ?? '' }))
  await inTurns(
    host,
    volumes.map(({ id }) => id),
    () => copyAll(host, instance.id, copies, signal, taken),
  )
  await completeImage(cloud, imageId, mappingsOf(cloud, instance, volumes, copies, source))
}

/** The volumes of an instance, the root first, but for those on devices that are left out. Throws when there is no root. */
function imageVolumes(cloud: Cloud, instance: InstanceRecord, suppressed: readonly string[]): VolumeRecord[] {
  const device = ({ attachment }: VolumeRecord) => bareDevice(attachment?.device ?? '')
  const root = bareDevice(instance.rootDeviceName)
  const without = new Set(suppressed.map(bareDevice))
  const volumes = volumesOf(cloud.volumes.list(), instance.id)
    .filter((volume) => device(volume) === root || !without.has(device(volume)))
    .sort((a, b) => Number(device(b) === root) - Number(device(a) === root) || device(a).localeCompare(device(b)))
  if (!volumes[0] || device(volumes[0]) !== root) throw new Error(`${instance.id} has no root volume`)
  return volumes
}

/** Runs a job in the turns of several volumes, so that nothing plugs, unplugs or deletes one of them meanwhile. */
function inTurns(host: Host, ids: readonly string[], job: () => Promise<void>): Promise<void> {
  const [id, ...others] = ids
  return id === undefined ? job() : host.inTurn.run(id, () => inTurns(host, others, job))
}

/**
 * Copies volumes as they all are at one instant: those of a machine that is off one after the other, the only one of a
 * machine that runs without copying, several of them by the machine, which can do that for all at once.
 */
async function copyAll(
  host: Host,
  instanceId: string,
  copies: readonly Copy[],
  signal: AbortSignal,
  taken: () => void,
): Promise<void> {
  const { storage } = host.cloud
  const machine = host.running.get(instanceId)?.machine
  const inUse = copies.filter(({ volumeId }) => machine?.drives.includes(driveIdOf(volumeId)))
  for (const copy of copies) if (!inUse.includes(copy)) await storage.snapshotVolume({ ...copy, signal })
  const [only] = inUse
  if (!machine || !only) return
  if (inUse.length === 1) await copyInUse(host, machine, only.volumeId, only.snapshotId, signal, taken)
  else await copyTogether(host, machine, inUse, signal, taken)
}

async function copyTogether(
  { cloud: { storage } }: Host,
  machine: Machine,
  copies: readonly Copy[],
  signal: AbortSignal,
  taken: () => void,
): Promise<void> {
  try {
    const requests = copies.map(({ volumeId, snapshotId }) => ({
      driveId: driveIdOf(volumeId),
      target: storage.snapshotTarget(snapshotId),
    }))
    const copy = machine.snapshot(requests, { signal })
    // When it never comes to that, `done` says why.
    copy.taken.then(taken, () => undefined)
    await copy.done
    for (const { snapshotId } of copies) await storage.adoptSnapshot(snapshotId)
  } catch (error) {
    await Promise.allSettled(copies.map(({ snapshotId }) => storage.abandonSnapshot(snapshotId)))
    throw error
  }
}

/**
 * What a launch of the image maps: the volumes, then what the request adds where no volume is by now. None of them ends with
 * its instance, in Eucalyptus, whatever those do that they come from.
 */
function mappingsOf(
  { settings }: Cloud,
  instance: InstanceRecord,
  volumes: readonly VolumeRecord[],
  copies: readonly Copy[],
  { added, changed }: FromInstance,
): ImageMapping[] {
  const mapped = volumes.map(({ size, attachment }, index): ImageMapping => {
    const device = attachment?.device ?? ''
    return {
      deviceName: index === 0 ? instance.rootDeviceName : device,
      snapshotId: copies[index]?.snapshotId ?? '',
      size,
      deleteOnTermination: settings.fidelity === 'aws' && attachment?.deleteOnTermination === true,
      ...changed.find(({ deviceName }) => bareDevice(deviceName) === bareDevice(device)),
    }
  })
  const taken = new Set(mapped.map(({ deviceName }) => bareDevice(deviceName)))
  return [...mapped, ...added.filter(({ deviceName }) => !taken.has(bareDevice(deviceName)))]
}
