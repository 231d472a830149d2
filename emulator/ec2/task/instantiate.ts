import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { ImageRecord } from '../image/image.ts'
import RegisterImage from '../image/RegisterImage.ts'
import RunInstances from '../instance/RunInstances.ts'
import {
  type ConversionLaunch,
  type ConversionTaskRecord,
  conversionCaller,
  conversionMessages,
  moveConversion,
} from './conversion.ts'
import { isExpected, sentence } from './drive.ts'
import { ImportRefused } from './import-manifest.ts'
import { onBehalf } from './on-behalf.ts'

const rootDevice = '/dev/sda'

/**
 * Makes an EBS image of the first disk of an imported instance and launches it; further disks stay volumes. When the
 * launch fails, the task is completed all the same and says so (eucalyptus-behaviour.md section 4.3).
 */
export async function instantiate(cloud: Cloud, task: ConversionTaskRecord, signal: AbortSignal): Promise<void> {
  const { id, launch } = task
  if (!launch) throw new Error(`${id} has nothing to launch`)
  const caller = conversionCaller(cloud, task)
  const imageId = task.imageId ?? (await imageOf(cloud, task, launch, caller))
  await cloud.store.change((draft) => {
    const tasks = cloud.conversionTasks.in(draft)
    const current = tasks.get(id)
    if (current) tasks.put({ ...current, imageId })
  })
  signal.throwIfAborted()
  const { instanceId, message } = await run(cloud, task, launch, imageId, caller)
  await cloud.store.change((draft) =>
    moveConversion(cloud, draft, id, 'done', { imageId, ...(instanceId !== undefined && { instanceId }), message }),
  )
}

/** The available images that are made from what a task imported. */
export function imagesOf(cloud: Cloud, disks: readonly { readonly snapshotId?: string }[]): ImageRecord[] {
  const made = new Set(disks.flatMap(({ snapshotId }) => snapshotId ?? []))
  const isMade = ({ snapshotId }: { readonly snapshotId?: string }) => snapshotId !== undefined && made.has(snapshotId)
  return cloud.images.list().filter(({ state, mappings }) => state === 'available' && mappings?.some(isMade))
}

/** The image of the task's first disk: one that was registered before the emulator ended is found again. */
async function imageOf(
  cloud: Cloud,
  { id, disks }: ConversionTaskRecord,
  { architecture, platform }: ConversionLaunch,
  caller: Caller,
): Promise<string> {
  const name = `image-${id}`
  const earlier = imagesOf(cloud, disks)[0]
  if (earlier) return earlier.id
  const windows = platform.toLowerCase() === 'windows'
  try {
    const { imageId } = await onBehalf(cloud, caller, RegisterImage, {
      Name: name,
      Architecture: architecture,
      VirtualizationType: 'hvm',
      Platform: windows ? 'windows' : undefined,
      RootDeviceName: rootDevice,
      'BlockDeviceMapping.1.DeviceName': rootDevice,
      'BlockDeviceMapping.1.Ebs.SnapshotId': disks[0]?.snapshotId,
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'false',
    })
    return String(imageId)
  } catch (cause) {
    throw isExpected(cause) ? new ImportRefused(`Failed to register image: ${sentence(cause)}`, { cause }) : cause
  }
}

/** The client token is the task's id, so that a task that goes on after a restart launches nothing twice. */
async function run(
  cloud: Cloud,
  { id, zone }: ConversionTaskRecord,
  launch: ConversionLaunch,
  imageId: string,
  caller: Caller,
): Promise<{ instanceId?: string; message: string }> {
  const groups = [
    ...launch.groupNames.map((name, index) => [`SecurityGroup.${index + 1}`, name]),
    ...launch.groupIds.map((group, index) => [`SecurityGroupId.${index + 1}`, group]),
  ]
  try {
    await onBehalf(cloud, caller, RunInstances, {
      ImageId: imageId,
      MinCount: '1',
      MaxCount: '1',
      InstanceType: launch.instanceType,
      KeyName: launch.keyName,
      UserData: launch.userData,
      'Placement.AvailabilityZone': zone,
      'Monitoring.Enabled': String(launch.monitoring),
      ClientToken: id,
      ...Object.fromEntries(groups),
    })
  } catch (error) {
    if (!isExpected(error)) throw error
    return { message: `Image registered: ${imageId}, but run instance failed` }
  }
  const instance = cloud.instances
    .list()
    .find(({ clientToken, ownerId }) => clientToken === id && ownerId === caller.accountId)
  return { ...(instance && { instanceId: instance.id }), message: conversionMessages.completed }
}
