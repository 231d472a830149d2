import { Fault } from '../../../src/protocol/faults.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { checkDevices, type DeviceMapping, refuseSeveralEphemerals } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import type { InstanceRecord } from '../instance/instance.ts'
import { volumesOf } from '../instance/instance-view.ts'
import { bareDevice, type VolumeRecord } from '../volume/volume.ts'
import { ebsOf } from './from-snapshot.ts'
import type { ImageMapping, ImageSource } from './image.ts'

/** What a request for an image of an instance says of its devices. */
type CreationDevices = Pick<Extract<ImageSource, { instanceId: string }>, 'suppressed' | 'added' | 'changed'>

const refuse = (sentence: string) => fault('creationMapping', sentence)

/**
 * The devices of an image of an instance beside its volumes: what is left out, what comes in addition, and the ephemeral
 * disks of the instance (eucalyptus-behaviour.md section 2.6). Devices that are in use cannot be mapped to anything else; AWS
 * lets a request change the size and the end of the volumes on them. Throws the fault.
 */
export function creationDevices(
  cloud: Cloud,
  draft: Draft,
  instance: InstanceRecord,
  asked: readonly DeviceMapping[],
  caller: Caller,
): CreationDevices {
  const volumes = volumesOf(cloud.volumes.in(draft).list(), instance.id)
  const root = bareDevice(instance.rootDeviceName)
  const onDevice = (name: string) => volumes.find(({ attachment }) => bareDevice(attachment?.device ?? '') === name)
  const isRoot = (name: string) => name === root || name === `${root}1`
  const suppressed: string[] = []
  const added: ImageMapping[] = []
  const changed: CreationDevices['changed'][number][] = []
  checkSyntax(asked)
  for (const mapping of asked) {
    const name = bareDevice(mapping.DeviceName ?? '')
    const volume = onDevice(isRoot(name) ? root : name)
    const mayChange = cloud.settings.fidelity === 'aws' && mapping.NoDevice === undefined && mapping.Ebs
    if (volume && mayChange) changed.push(changeOf(volume, mapping))
    else if (isRoot(name)) throw refuse('The device names should not contain root device')
    else if (mapping.NoDevice !== undefined) suppressed.push(name)
    else if (volume) throw refuse("Can't add new block device mapping with a device name that is already in use")
    else added.push(additionOf(cloud, draft, mapping, onDevice(root), caller))
  }
  const ephemerals = instance.ephemerals.filter(({ deviceName }) => !suppressed.includes(bareDevice(deviceName)))
  const taken = new Set(added.map(({ deviceName }) => bareDevice(deviceName)))
  if (ephemerals.some(({ deviceName }) => taken.has(bareDevice(deviceName)))) {
    throw refuse("Can't add new block device mapping with a device name that is already in use by an ephemeral device")
  }
  const kept = ephemerals.map((one): ImageMapping => ({ ...one, deleteOnTermination: true }))
  return { suppressed, added: [...added, ...kept], changed }
}

/** Says a fault of the rules for devices as CreateImage does. */
function asCreation<Result>(check: () => Result): Result {
  try {
    return check()
  } catch (error) {
    throw error instanceof Fault ? refuse(error.message) : error
  }
}

function checkSyntax(asked: readonly DeviceMapping[]): void {
  const names = asked.map(({ DeviceName }) => bareDevice(DeviceName ?? ''))
  asCreation(() => checkDevices(asked, names.includes('sda') ? undefined : 'sda1'))
  asCreation(() => refuseSeveralEphemerals(asked))
}

function additionOf(
  cloud: Cloud,
  draft: Draft,
  mapping: DeviceMapping,
  root: VolumeRecord | undefined,
  caller: Caller,
): ImageMapping {
  const { DeviceName: deviceName = '', VirtualName, Ebs } = mapping
  if (VirtualName !== undefined) return { deviceName, virtualName: VirtualName, deleteOnTermination: true }
  return {
    deviceName,
    ...asCreation(() => ebsOf(cloud, draft, mapping, root?.size, caller)),
    deleteOnTermination: Ebs?.DeleteOnTermination ?? false,
  }
}

function changeOf(
  { size, attachment }: VolumeRecord,
  { DeviceName, VirtualName, Ebs }: DeviceMapping,
): CreationDevices['changed'][number] {
  if (VirtualName !== undefined || Ebs?.SnapshotId !== undefined) {
    throw refuse(`${DeviceName} is in use: its snapshot is made of the volume there`)
  }
  if (Ebs?.VolumeSize !== undefined && Ebs.VolumeSize < size) {
    throw refuse(`Size of the volume cannot be smaller than the ${size} GiB of the one on ${DeviceName}`)
  }
  return {
    deviceName: attachment?.device ?? '',
    ...(Ebs?.VolumeSize !== undefined && { size: Ebs.VolumeSize }),
    ...(Ebs?.DeleteOnTermination !== undefined && { deleteOnTermination: Ebs.DeleteOnTermination }),
  }
}
