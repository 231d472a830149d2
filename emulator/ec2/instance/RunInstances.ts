import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, integer, list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import { deviceMappings } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import { findGroup } from '../group/group.ts'
import { findImage, type ImageRecord, mayUse } from '../image/image.ts'
import { keyPairId } from '../keypair/keypair.ts'
import { operation } from '../operation.ts'
import { checkVolumeSizes } from '../volume/limits.ts'
import { room } from './capacity.ts'
import { type InstanceRecord, rootDiskBytes } from './instance.ts'
import { reservations } from './instance-view.ts'
import { type LaunchDisks, launchDisks } from './launch-disks.ts'

const input = {
  ImageId: text,
  MinCount: integer,
  MaxCount: integer,
  InstanceType: optional(text),
  KeyName: optional(text),
  KernelId: optional(text),
  RamdiskId: optional(text),
  UserData: optional(text),
  ClientToken: optional(text),
  AddressingType: optional(text),
  SecurityGroup: list(text),
  SecurityGroupId: list(text),
  Placement: optional(struct({ AvailabilityZone: optional(text), GroupName: optional(text), Tenancy: optional(text) })),
  Monitoring: optional(struct({ Enabled: optional(flag) })),
  DisableApiTermination: optional(flag),
  InstanceInitiatedShutdownBehavior: optional(text),
  EbsOptimized: optional(flag),
  BlockDeviceMapping: deviceMappings,
}
type Input = Values<typeof input>

/** Source: eucalyptus-behaviour.md section 5.2. Checks come in the order of its VmControl and VerifyMetadata. */
export default operation('RunInstances', {
  input,
  async run(cloud, request, { caller }) {
    const made = await cloud.store.change((draft) => {
      const earlier = byClientToken(cloud, draft, request.ClientToken, caller)
      if (earlier.length) return { instances: earlier, fresh: false }
      const checked = check(cloud, draft, request, caller)
      const count = countOf(cloud, draft, request, checked.type)
      const sizes = checked.disks.volumes.map(({ size }) => size)
      checkVolumeSizes(cloud, draft, Array.from({ length: count }, () => sizes).flat())
      return { instances: create(cloud, draft, request, caller, checked, count), fresh: true }
    })
    if (made.fresh) for (const { id } of made.instances) cloud.machines.launch(id)
    return reservations(cloud, made.instances)[0] ?? {}
  },
})

/** A token that was used before answers with what it made then, whatever the other parameters say. */
function byClientToken(cloud: Cloud, draft: Draft, token: string | undefined, caller: Caller): InstanceRecord[] {
  if (token === undefined) return []
  const instances = cloud.instances.in(draft).list()
  return instances.filter(({ clientToken, ownerId }) => clientToken === token && ownerId === caller.accountId)
}

interface Checked {
  readonly image: ImageRecord
  readonly type: InstanceType
  readonly kernelId: string | undefined
  readonly ramdiskId: string | undefined
  readonly disks: LaunchDisks
  readonly groupIds: readonly string[]
}

function check(cloud: Cloud, draft: Draft, request: Input, caller: Caller): Checked {
  const { settings } = cloud
  const name = request.InstanceType ?? settings.defaultInstanceType
  const type = settings.instanceTypes.find((one) => one.name === name)
  if (!type) throw fault('instanceTypeUnknown', name)
  const zone = request.Placement?.AvailabilityZone
  if (zone !== undefined && zone !== settings.zone) throw fault('zoneUnavailable', zone)
  checkUserData(request.UserData)
  const image = usable(cloud, request.ImageId, caller)
  const disks = launchDisks(cloud, draft, image, type, request.BlockDeviceMapping, caller)
  if (request.KeyName !== undefined && !cloud.keyPairs.get(keyPairId(caller.accountId, request.KeyName))) {
    throw fault('keyPairNotFound', request.KeyName)
  }
  const named = [
    ...request.SecurityGroup.map((GroupName) => ({ GroupName })),
    ...request.SecurityGroupId.map((GroupId) => ({ GroupId })),
  ]
  const groups = (named.length ? named : [{ GroupName: 'default' }]).map((one) => findGroup(cloud, draft, one, caller))
  if (!image.mappings && image.size > rootDiskBytes(type)) {
    throw fault('imageExceedsType', image.id, String(image.size), type.name, String(type.disk))
  }
  // A kernel given for an HVM image is ignored in silence; for a paravirtual one it wins over the image's.
  const paravirtual = image.virtualization === 'paravirtual'
  const boots = (kind: 'kernel' | 'ramdisk', id: string | undefined) =>
    paravirtual && id !== undefined ? loadable(cloud, kind, id, caller) : undefined
  const kernelId = boots('kernel', request.KernelId ?? image.kernelId)
  if (paravirtual && !kernelId) throw fault('kernelMissing')
  const ramdiskId = boots('ramdisk', request.RamdiskId ?? image.ramdiskId)
  return { image, type, kernelId, ramdiskId, disks, groupIds: [...new Set(groups.map(({ id }) => id))] }
}

/** 16 KiB at most when decoded (section 5.2); what is not base64 is refused rather than dropped in silence. */
function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData)) throw fault('userDataMalformed')
  if (Buffer.from(userData, 'base64').length > 16_384) throw fault('userDataTooLong')
}

function usable(cloud: Cloud, id: string, caller: Caller): ImageRecord {
  const image = findImage(cloud.images, id)
  if (image?.kind !== 'machine' || image.state !== 'available') throw fault('imageLookup', id)
  if (!mayUse(image, caller)) throw fault('imageDenied', id)
  return image
}

function loadable(cloud: Cloud, kind: 'kernel' | 'ramdisk', id: string, caller: Caller): string {
  const image = findImage(cloud.images, id)
  if (!image || image.kind !== kind || image.state !== 'available' || !mayUse(image, caller))
    throw fault('kernelLookup', id)
  return image.id
}

function countOf(cloud: Cloud, draft: Draft, { MinCount, MaxCount }: Input, type: InstanceType): number {
  if (MinCount < 1) throw fault('invalidParameterValue', String(MinCount), 'MinCount')
  if (MaxCount < MinCount) throw fault('countInverted')
  const free = room(cloud, cloud.instances.in(draft).list(), type)
  if (free < MinCount) throw fault('capacity', String(free), cloud.settings.zone, String(MinCount))
  return Math.min(MaxCount, free)
}

function create(
  cloud: Cloud,
  draft: Draft,
  request: Input,
  caller: Caller,
  { image, type, kernelId, ramdiskId, disks, groupIds }: Checked,
  count: number,
): InstanceRecord[] {
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
      ...(ClientToken !== undefined && { clientToken: ClientToken }),
      disableApiTermination: request.DisableApiTermination ?? false,
      monitoring: request.Monitoring?.Enabled ?? false,
      architecture: image.architecture,
      ...(image.platform && { platform: image.platform }),
      virtualization: image.virtualization ?? 'paravirtual',
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
