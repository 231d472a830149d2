import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { checkDevices, type DeviceMapping, refuseSeveralEphemerals } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import type { ImageMapping } from './image.ts'
import { loadableId } from './loadable-id.ts'
import { checkArchitecture, type Described, type Registration } from './registration.ts'

/**
 * What the snapshot that is mapped to the root device makes of an EBS image, within a change (eucalyptus-behaviour.md
 * sections 2.2, step 4, and 2.3). It is always HVM: Eucalyptus passes over what the request says of that, and where AWS
 * would make it paravirtual the request is refused. Throws the faults.
 */
export function fromSnapshot(
  cloud: Cloud,
  draft: Draft,
  request: Registration,
  name: string,
  caller: Caller,
): Described {
  const rootName = request.RootDeviceName ?? '/dev/sda'
  const asked = request.BlockDeviceMapping
  const rootAsked = asked.find(({ DeviceName, Ebs }) => DeviceName === rootName && Ebs?.SnapshotId !== undefined)
  if (!rootAsked) throw fault('registerNothing')
  const aws = cloud.settings.fidelity === 'aws'
  checkMappings(asked, aws)
  if (aws && request.VirtualizationType?.toLowerCase() === 'paravirtual') throw fault('paravirtualFromSnapshot')
  const architecture = request.Architecture ?? 'i386'
  checkArchitecture(architecture)
  const windows = request.Platform?.toLowerCase() === 'windows' || request.KernelId === 'windows'
  const kernelId = windows ? undefined : loadableId('KernelId', request.KernelId)
  const ramdiskId = loadableId('RamdiskId', request.RamdiskId)
  // In Eucalyptus the disk that the partition stands for is the root.
  const deviceOf = (device: string) => (!aws && device === '/dev/sda1' ? '/dev/sda' : device)
  const mapped = (mapping: DeviceMapping, rootSize?: number): ImageMapping => ({
    deviceName: deviceOf(mapping.DeviceName ?? ''),
    ...ebsOf(cloud, draft, mapping, rootSize, caller),
    ...(mapping.VirtualName !== undefined && { virtualName: mapping.VirtualName }),
    deleteOnTermination: mapping.Ebs?.DeleteOnTermination ?? (aws && mapping === rootAsked),
  })
  const root = mapped(rootAsked)
  const others = asked.filter((one) => one !== rootAsked).map((one) => mapped(one, root.size))
  return {
    kind: 'machine',
    location: `${caller.accountId}/${name}`,
    size: (root.size ?? 0) * 2 ** 30,
    mappings: [root, ...others],
    architecture,
    virtualization: 'hvm',
    rootDeviceName: root.deviceName,
    ...(request.Description !== undefined && { description: request.Description }),
    ...(windows && { platform: 'windows' as const }),
    ...(kernelId !== undefined && { kernelId }),
    ...(ramdiskId !== undefined && { ramdiskId }),
  }
}

/** `sda1` may be mapped, as clients name the root, unless `sda` is, too; no mapping can be suppressed. */
function checkMappings(mappings: readonly DeviceMapping[], aws: boolean): void {
  const names = mappings.map(({ DeviceName }) => DeviceName?.replace(/^\/dev\//, ''))
  checkDevices(mappings, names.includes('sda') ? undefined : 'sda1')
  const suppressed = mappings.find(({ NoDevice }) => NoDevice !== undefined)
  if (suppressed) {
    throw fault('deviceMapping', `Block device mapping for ${suppressed.DeviceName} cannot be suppressed`)
  }
  if (!aws) refuseSeveralEphemerals(mappings)
}

/** Snapshot and size (GiB) of a volume: as asked for, else the snapshot's, else the root's. */
export function ebsOf(
  cloud: Cloud,
  draft: Draft,
  { DeviceName = '', VirtualName, Ebs }: DeviceMapping,
  rootSize: number | undefined,
  caller: Caller,
): Pick<ImageMapping, 'snapshotId' | 'size'> {
  if (VirtualName !== undefined) return {}
  const id = Ebs?.SnapshotId?.toLowerCase()
  const snapshot = id === undefined ? undefined : cloud.snapshots.in(draft).get(id)
  // Sharing does not do: it has to be the account's own.
  if (id !== undefined && snapshot?.ownerId !== caller.accountId) throw fault('imageSnapshot', id)
  const size = Ebs?.VolumeSize ?? snapshot?.volumeSize ?? rootSize ?? 0
  if (snapshot && size < snapshot.volumeSize) {
    const sentence = `Size of the volume cannot be smaller than the source snapshot for ${DeviceName}`
    throw fault('deviceMapping', sentence)
  }
  if (size <= 0) throw fault('deviceMapping', `Volume size for ${DeviceName} cannot be 0`)
  return { ...(snapshot && { snapshotId: snapshot.id }), size }
}
