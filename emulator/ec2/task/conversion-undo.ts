import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import DeregisterImage from '../image/DeregisterImage.ts'
import TerminateInstances from '../instance/TerminateInstances.ts'
import DeleteSnapshot from '../snapshot/DeleteSnapshot.ts'
import DeleteVolume from '../volume/DeleteVolume.ts'
import { type ConversionTaskRecord, conversionCaller } from './conversion.ts'
import { imagesOf } from './instantiate.ts'
import { onBehalf, unlessRefused } from './on-behalf.ts'

/**
 * Removes what an unfinished task has made that others can see: instance, image, snapshots, volumes (eucalyptus-behaviour.md
 * section 4.3). What its owner has removed already, or uses by now, stays as it is.
 */
export async function undoConversion(cloud: Cloud, task: ConversionTaskRecord): Promise<void> {
  const caller: Caller = conversionCaller(cloud, task)
  const { id, ownerId } = task
  const instances = cloud.instances.list().filter((one) => one.clientToken === id && one.ownerId === ownerId)
  for (const { id: InstanceId } of instances) {
    await unlessRefused(() => onBehalf(cloud, caller, TerminateInstances, { 'InstanceId.1': InstanceId }))
  }
  for (const { id: ImageId } of imagesOf(cloud, task.disks)) {
    await unlessRefused(() => onBehalf(cloud, caller, DeregisterImage, { ImageId }))
  }
  for (const { snapshotId, volumeId } of task.disks) {
    if (snapshotId) await unlessRefused(() => onBehalf(cloud, caller, DeleteSnapshot, { SnapshotId: snapshotId }))
    if (volumeId) await unlessRefused(() => onBehalf(cloud, caller, DeleteVolume, { VolumeId: volumeId }))
  }
}
