import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import type { ImageRecord } from '../image/image.ts'
import { requestDigest } from './idempotency.ts'
import type { InstanceRecord } from './instance.ts'
import type { LaunchDisks } from './launch-disks.ts'
import type { LaunchRequest } from './launch-request.ts'

/** What the checks of a launch have found for its parameters. */
export interface CheckedLaunch {
  readonly image: ImageRecord
  readonly type: InstanceType
  readonly kernelId: string | undefined
  readonly ramdiskId: string | undefined
  readonly disks: LaunchDisks
  readonly groupIds: readonly string[]
  readonly shutdownBehavior: InstanceRecord['shutdownBehavior'] | undefined
  readonly metadataOptions: InstanceRecord['metadataOptions'] | undefined
  readonly instanceProfile: InstanceRecord['instanceProfile'] | undefined
}

/** Makes the records of a checked launch within a change: its instances, all pending, and their volumes. */
export function createInstances(
  cloud: Cloud,
  draft: Draft,
  request: LaunchRequest,
  caller: Caller,
  checked: CheckedLaunch,
  count: number,
): InstanceRecord[] {
  const { image, type, kernelId, ramdiskId, disks, groupIds, shutdownBehavior, metadataOptions, instanceProfile } =
    checked
  const instances = cloud.instances.in(draft)
  const reservationId = cloud.ids.resource('r')
  const launchedAt = cloud.clock.now().toISOString()
  return Array.from({ length: count }, (_, launchIndex) => {
    const { KeyName, UserData, ClientToken } = request
    const id = cloud.ids.resource('i')
    const instance: InstanceRecord = {
      id,
      reservationId,
      ownerId: caller.accountId,
      launchIndex,
      state: 'pending',
      launchedAt,
      imageId: image.id,
      ...(kernelId && { kernelId }),
      ...(ramdiskId && { ramdiskId }),
      instanceType: type.name,
      zone: cloud.settings.zone,
      ...(KeyName !== undefined && { keyName: KeyName }),
      ...(UserData !== undefined && { userData: UserData }),
      ...(ClientToken !== undefined && { clientToken: ClientToken, requestDigest: requestDigest(request) }),
      disableApiTermination: request.DisableApiTermination ?? false,
      ...(shutdownBehavior && { shutdownBehavior }),
      ...(metadataOptions && { metadataOptions }),
      ...(instanceProfile && { instanceProfile }),
      monitoring: request.Monitoring?.Enabled ?? false,
      architecture: image.architecture,
      ...(image.platform && { platform: image.platform }),
      virtualization: image.virtualization ?? 'paravirtual',
      ...(image.bootMode && { bootMode: image.bootMode }),
      rootDeviceType: image.mappings ? 'ebs' : 'instance-store',
      rootDeviceName: image.rootDeviceName ?? '/dev/sda1',
      ephemerals: disks.ephemerals,
      groupIds,
      network: cloud.network.place(id, instances.list()),
    }
    instances.put(instance)
    createVolumes(cloud, draft, instance, disks)
    return instance
  })
}

/** The volumes of a launch are there, and in use, from the first; their disks are made before the machine starts. */
function createVolumes(cloud: Cloud, draft: Draft, instance: InstanceRecord, { volumes }: LaunchDisks): void {
  const { id: instanceId, ownerId, zone, launchedAt } = instance
  for (const [atLaunch, { deviceName, snapshotId, size, deleteOnTermination }] of volumes.entries()) {
    cloud.volumes.in(draft).put({
      id: cloud.ids.resource('vol'),
      ownerId,
      state: 'in-use',
      size,
      ...(snapshotId !== undefined && { snapshotId }),
      zone,
      createdAt: launchedAt,
      made: false,
      attachment: {
        instanceId,
        device: deviceName,
        state: 'attaching',
        attachedAt: launchedAt,
        deleteOnTermination,
        atLaunch,
      },
    })
  }
}
