import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { findGroup } from '../group/group.ts'
import type { InstanceRecord } from './instance.ts'
import { volumesOf } from './instance-view.ts'
import { loadable } from './loadable.ts'
import type { AttributeValues } from './ModifyInstanceAttribute.ts'
import { shutdownBehavior } from './shutdown-behavior.ts'
import { longestUserData, userDataBytes } from './user-data.ts'

/** What a modification sees, within a change. */
interface Scene {
  readonly cloud: Cloud
  readonly draft: Draft
  readonly instance: InstanceRecord
  readonly caller: Caller
}

/** How one attribute is modified: whether only while the instance is stopped, and what becomes of its record. */
interface Modification {
  readonly whileStopped: boolean
  /** Returns the record with the change. Throws the faults. */
  apply(scene: Scene, values: AttributeValues): InstanceRecord
}

const anytime = (apply: Modification['apply']): Modification => ({ whileStopped: false, apply })
const stopped = (apply: Modification['apply']): Modification => ({ whileStopped: true, apply })
const isAws = ({ cloud }: Scene) => cloud.settings.fidelity === 'aws'

/** Eucalyptus accepts what has no effect there; AWS has an effect that this cloud does not have, and so refuses. */
const withoutEffect = (scene: Scene, name: string, value: string | boolean | undefined, isAsItIs: boolean) => {
  if (isAws(scene) && !isAsItIs) throw fault('attributeUnsupported', name, String(value))
  return scene.instance
}

/** Says of volumes whether they end with the instance; a mapping that does not say means that they do (section 5.4). */
function modifyDevices({ cloud, draft, instance, caller }: Scene, { BlockDeviceMapping }: AttributeValues) {
  const volumes = cloud.volumes.in(draft)
  for (const { DeviceName = '', Ebs } of BlockDeviceMapping) {
    const volume = volumesOf(volumes.list(), instance.id).find(({ attachment }) => attachment?.device === DeviceName)
    if (!volume?.attachment) throw fault('attributeValue', `No device is currently mapped at ${DeviceName}`)
    const named = Ebs?.VolumeId
    if (named !== undefined && (named !== volume.id || volume.ownerId !== caller.accountId)) {
      throw fault('attributeValue', `Invalid volume (${named})`)
    }
    const deleteOnTermination = Ebs?.DeleteOnTermination ?? true
    volumes.put({ ...volume, attachment: { ...volume.attachment, deleteOnTermination } })
  }
  return instance
}

function modifyGroups(scene: Scene, { GroupId }: AttributeValues) {
  const { cloud, draft, instance, caller } = scene
  if (!isAws(scene)) throw fault('attributeGroup', GroupId[0] ?? '')
  const groups = GroupId.map((id) => findGroup(cloud, draft, { GroupId: id }, caller))
  return { ...instance, groupIds: [...new Set(groups.map(({ id }) => id))] }
}

/** The type counts from the next start, which has to find room for it. */
function modifyType({ cloud, instance }: Scene, { InstanceType }: AttributeValues) {
  const name = InstanceType?.Value ?? ''
  const type = cloud.settings.instanceTypes.find((one) => one.name === name)
  if (!type) throw fault('attributeValue', `The instanceType '${name}' is invalid.`)
  return { ...instance, instanceType: name, ephemerals: instance.ephemerals.slice(0, type.diskCount) }
}

function modifyKernel({ cloud, instance, caller }: Scene, { Kernel }: AttributeValues) {
  const kernelId = loadable(cloud, 'kernel', Kernel?.Value ?? '', caller)
  if (kernelId === undefined) throw fault('attributeImage', Kernel?.Value ?? '')
  return { ...instance, kernelId }
}

function modifyRamdisk({ cloud, instance, caller }: Scene, { Ramdisk }: AttributeValues) {
  const ramdiskId = loadable(cloud, 'ramdisk', Ramdisk?.Value ?? '', caller)
  if (ramdiskId === undefined) throw fault('attributeImage', Ramdisk?.Value ?? '')
  return { ...instance, ramdiskId }
}

/** An empty value takes the user data away. */
function modifyUserData({ instance: { userData: _, ...instance } }: Scene, { UserData }: AttributeValues) {
  const userData = UserData?.Value
  if (userData === undefined) return instance
  const bytes = userDataBytes(userData)
  if (bytes === undefined) throw fault('attributeUserData')
  if (bytes > longestUserData) throw fault('attributeUserDataTooLong')
  return { ...instance, userData }
}

function modifyShutdown({ cloud, instance }: Scene, { InstanceInitiatedShutdownBehavior }: AttributeValues) {
  const { Value = '' } = InstanceInitiatedShutdownBehavior ?? {}
  const asked = shutdownBehavior(cloud.settings.fidelity, Value, instance.rootDeviceType)
  return asked ? { ...instance, shutdownBehavior: asked } : instance
}

/** How each attribute is modified. */
export const modifications: Record<keyof AttributeValues, Modification> = {
  BlockDeviceMapping: anytime(modifyDevices),
  DisableApiTermination: anytime(({ instance }, { DisableApiTermination }) => ({
    ...instance,
    disableApiTermination: DisableApiTermination?.Value ?? instance.disableApiTermination,
  })),
  EbsOptimized: anytime((scene, { EbsOptimized: { Value } = {} }) =>
    withoutEffect(scene, 'ebsOptimized', Value, Value !== true),
  ),
  GroupId: anytime(modifyGroups),
  InstanceInitiatedShutdownBehavior: anytime(modifyShutdown),
  // The switch always checks, as it knows an instance by its port.
  SourceDestCheck: anytime((scene, { SourceDestCheck: { Value } = {} }) =>
    withoutEffect(scene, 'sourceDestCheck', Value, Value !== false),
  ),
  SriovNetSupport: anytime((scene, { SriovNetSupport: { Value } = {} }) =>
    withoutEffect(scene, 'sriovNetSupport', Value, false),
  ),
  InstanceType: stopped(modifyType),
  Kernel: stopped(modifyKernel),
  Ramdisk: stopped(modifyRamdisk),
  UserData: stopped(modifyUserData),
}
