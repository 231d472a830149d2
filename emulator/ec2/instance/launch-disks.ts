import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import { badVirtualName, type DeviceMapping, refuseEbs } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import type { ImageMapping, ImageRecord } from '../image/image.ts'
import { mayRestore, type SnapshotRecord } from '../snapshot/snapshot.ts'

/** The disks that a launch makes beside the root of an instance-store image. */
export interface LaunchDisks {
  /** Volumes to make, the root of an EBS image first. Sizes in GiB. */
  readonly volumes: readonly (ImageMapping & { readonly size: number })[]
  /** Ephemeral disks that were mapped and that the type has. */
  readonly ephemerals: readonly { readonly deviceName: string; readonly virtualName: string }[]
}

const bare = (device: string | undefined) => (device ?? '').replace(/^\/dev\//, '')
const invalid = (sentence: string) => fault('launchMapping', sentence)
/** What Eucalyptus says of any mapping, be it an image's or a launch's, in no words that it has for launches. */
const malformed = (sentence: string) => fault('deviceMapping', sentence)
const rootIsTaken = 'The root device cannot be mapped to anything else'

const rootOf = ({ rootDeviceName = '/dev/sda1' }: ImageRecord) => bare(rootDeviceName)

/** `/dev/sda1` names the root of an image whose root is `/dev/sda`, as clients send it. */
function isRoot(image: ImageRecord, device: string | undefined): boolean {
  const [root, name] = [rootOf(image), bare(device)]
  return name === root || (!/\d$/.test(root) && name === `${root}1`)
}

const isEphemeral = ({ VirtualName, NoDevice }: DeviceMapping) => VirtualName !== undefined && NoDevice === undefined

/**
 * What a launch of an image maps (eucalyptus-behaviour.md section 2.3): the request's mappings win by device name, those
 * of the image that are left follow; of the root only size and DeleteOnTermination may change. Throws the faults.
 */
export function launchDisks(
  cloud: Cloud,
  draft: Draft,
  image: ImageRecord,
  type: InstanceType,
  requested: readonly DeviceMapping[],
  caller: Caller,
): LaunchDisks {
  const { fidelity } = cloud.settings
  if (!image.mappings && fidelity === 'eucalyptus') refuseEbs(requested, 'launch')
  const names = checkNames(image, requested)
  // Eucalyptus takes one ephemeral disk of a request and says nothing of the others.
  const surplus = fidelity === 'eucalyptus' ? requested.filter(isEphemeral).slice(1) : []
  const asked = requested.filter((mapping) => !surplus.includes(mapping))
  if (!image.mappings) return storeDisks(cloud, draft, image, asked, caller)
  const [root, ...others] = image.mappings
  if (!root) throw new Error(`the EBS image ${image.id} has no root mapping`)
  const kept = others.filter(({ deviceName }) => !names.has(bare(deviceName)))
  const added = asked
    .filter(({ DeviceName, NoDevice }) => NoDevice === undefined && !isRoot(image, DeviceName))
    .map((mapping) => mappingOf(mapping))
  const rootAsked = withRootRequest(
    root,
    asked.find(({ DeviceName }) => isRoot(image, DeviceName)),
  )
  const all = [rootAsked, ...added, ...kept]
  const volumes = all
    .filter(({ virtualName }) => virtualName === undefined)
    .map((mapping) => ({
      ...mapping,
      size: sizeOf(cloud, draft, mapping, rootAsked, !added.includes(mapping), caller),
    }))
  const ephemerals = all.flatMap(({ deviceName, virtualName }) => (virtualName ? [{ deviceName, virtualName }] : []))
  return { volumes, ephemerals: ephemerals.slice(0, type.diskCount) }
}

/** What a launch of an instance-store image maps: beside its root, ephemeral disks, and in AWS volumes. */
function storeDisks(
  cloud: Cloud,
  draft: Draft,
  image: ImageRecord,
  asked: readonly DeviceMapping[],
  caller: Caller,
): LaunchDisks {
  const mapped = asked.filter(({ NoDevice }) => NoDevice === undefined)
  if (mapped.some(({ Ebs, DeviceName }) => Ebs && isRoot(image, DeviceName))) throw invalid(rootIsTaken)
  const volumes = mapped
    .filter(({ Ebs }) => Ebs)
    .map((mapping) => {
      const volume = mappingOf(mapping)
      if (volume.size === undefined && volume.snapshotId === undefined) {
        throw invalid(`Neither a size nor a snapshot is given for ${volume.deviceName}`)
      }
      return { ...volume, size: sizeOf(cloud, draft, volume, volume, false, caller) }
    })
  const ephemerals = asked
    .filter(isEphemeral)
    .map(({ DeviceName = '', VirtualName = '' }) => ({ deviceName: DeviceName, virtualName: VirtualName }))
  return { volumes, ephemerals }
}

/** Device names are of disks and unique; throws otherwise. */
function checkNames(image: ImageRecord, asked: readonly DeviceMapping[]): Set<string> {
  const seen = new Set<string>()
  for (const { DeviceName = '', VirtualName, NoDevice } of asked) {
    const name = bare(DeviceName)
    if (!/^(?:sd|vd|hd|xvd)[a-z][1-9]*$/.test(name)) throw malformed(`Device name ${DeviceName} is invalid`)
    if (/\d$/.test(name) && !isRoot(image, DeviceName)) {
      throw malformed(`${DeviceName} is not supported. Device name cannot be a partition`)
    }
    const device = isRoot(image, DeviceName) ? rootOf(image) : name
    if (seen.has(device)) throw malformed(`${DeviceName} is assigned multiple times`)
    seen.add(device)
    if (VirtualName !== undefined && NoDevice === undefined && !/^ephemeral[0-3]$/.test(VirtualName)) {
      throw malformed(badVirtualName(DeviceName))
    }
  }
  return seen
}

function mappingOf({ DeviceName = '', VirtualName, Ebs }: DeviceMapping): ImageMapping {
  if (VirtualName !== undefined) return { deviceName: DeviceName, virtualName: VirtualName, deleteOnTermination: true }
  return {
    deviceName: DeviceName,
    ...(Ebs?.SnapshotId !== undefined && { snapshotId: Ebs.SnapshotId.toLowerCase() }),
    ...(Ebs?.VolumeSize !== undefined && { size: Ebs.VolumeSize }),
    deleteOnTermination: Ebs?.DeleteOnTermination ?? false,
  }
}

function withRootRequest(root: ImageMapping, asked: DeviceMapping | undefined): ImageMapping {
  if (!asked) return root
  const { Ebs, VirtualName, NoDevice } = asked
  if (VirtualName !== undefined || NoDevice !== undefined) throw invalid(rootIsTaken)
  if (Ebs?.SnapshotId !== undefined && Ebs.SnapshotId.toLowerCase() !== root.snapshotId) {
    throw invalid('The snapshot of the root device cannot be changed')
  }
  if (Ebs?.VolumeSize !== undefined && Ebs.VolumeSize < (root.size ?? 0)) {
    throw invalid(`Size of the root device cannot be smaller than the image's ${root.size} GiB`)
  }
  return {
    ...root,
    ...(Ebs?.VolumeSize !== undefined && { size: Ebs.VolumeSize }),
    deleteOnTermination: Ebs?.DeleteOnTermination ?? root.deleteOnTermination,
  }
}

/** GiB: as asked for, else the snapshot's, else the root's. */
function sizeOf(
  cloud: Cloud,
  draft: Draft,
  { snapshotId, size, deviceName }: ImageMapping,
  root: ImageMapping,
  isImages: boolean,
  caller: Caller,
): number {
  const snapshot =
    snapshotId === undefined ? undefined : usableSnapshot(cloud, draft, snapshotId, isImages, caller, deviceName)
  const least = snapshot?.volumeSize ?? 1
  if (size !== undefined && size < least) {
    throw malformed(
      snapshot
        ? `Size of the volume cannot be smaller than the source snapshot for ${deviceName}`
        : `Volume size for ${deviceName} cannot be 0`,
    )
  }
  return size ?? snapshot?.volumeSize ?? root.size ?? 1
}

/** A completed snapshot that the caller may restore; those that the image maps are its owner's, and come with the image. */
function usableSnapshot(
  cloud: Cloud,
  draft: Draft,
  id: string,
  isImages: boolean,
  caller: Caller,
  deviceName: string,
): SnapshotRecord {
  const snapshot = cloud.snapshots.in(draft).get(id)
  const mine = snapshot && (isImages || mayRestore(snapshot, caller))
  if (!snapshot || !mine || snapshot.state !== 'completed') {
    throw malformed(`Unable to find snapshot ${id} in the block device mapping for ${deviceName}`)
  }
  return snapshot
}
