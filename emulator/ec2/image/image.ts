import type { Caller } from '../../../src/protocol/operation.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { Life } from '../../state/life.ts'
import type { Table } from '../../state/table.ts'
import type { FilterTable } from '../filters.ts'
import { imageSpellings, isImageId } from '../ids.ts'

export type ImageState = 'available' | 'deregistered' | 'deleted'
export type ImageEvent = 'deregister'

/** Deregistered once, an image is hidden but its record stays for the instances that use it; twice, it is gone (2.5). */
export const imageLife: Life<ImageState, ImageEvent> = {
  available: { on: { deregister: 'deregistered' } },
  deregistered: { on: { deregister: 'deleted' } },
  deleted: { on: {} },
}

/** A device of an EBS image: a volume from a snapshot or an empty one, or an ephemeral disk. */
export interface ImageMapping {
  readonly deviceName: string
  readonly snapshotId?: string
  /** GiB. */
  readonly size?: number
  readonly deleteOnTermination: boolean
  /** `ephemeral0` … `ephemeral3`. */
  readonly virtualName?: string
}

/** A registered image: machine (EMI), kernel (EKI) or ramdisk (ERI). */
export interface ImageRecord {
  readonly id: string
  readonly ownerId: string
  readonly kind: 'machine' | 'kernel' | 'ramdisk'
  readonly state: ImageState
  readonly name: string
  readonly description?: string
  readonly createdAt: string
  readonly public: boolean
  readonly architecture: string
  readonly platform?: 'windows'
  /** Instance-store: `bucket/key` of the manifest. EBS: `account/name`. */
  readonly location: string
  /** Instance-store: the SHA-256 of the manifest's text when it was registered. */
  readonly manifestSha256?: string
  /** Bytes of the unpacked image, or of the root volume. */
  readonly size: number
  /** EBS only: what a launch maps, the root first. Its presence makes the image EBS-backed. */
  readonly mappings?: readonly ImageMapping[]
  /** Machine images only. */
  readonly virtualization?: 'hvm' | 'paravirtual'
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly rootDeviceName?: string
  /** The manifest's `root` mapping: what a paravirtual kernel is told as `root=` (6.3). */
  readonly rootDirective?: string
}

/** The image of that id, in either spelling. */
export function findImage(images: Pick<Table<ImageRecord>, 'get'>, id: string): ImageRecord | undefined {
  if (!isImageId(id)) return undefined
  const [eucalyptus, aws] = imageSpellings(id)
  return images.get(eucalyptus) ?? images.get(aws)
}

/** Whether the caller may see and run an image: public, one's own, or as administrator (2.4). */
export const mayUse = (image: ImageRecord, caller: Caller): boolean =>
  image.public || image.ownerId === caller.accountId || caller.administrator

const alias = (cloud: Cloud, image: ImageRecord) => cloud.accounts.byId(image.ownerId)?.name

/** Of a machine image alone. */
const rootDeviceType = ({ kind, mappings }: ImageRecord) =>
  kind === 'machine' ? (mappings ? 'ebs' : 'instance-store') : undefined

/** A filter on what any of an EBS image's volumes has; ephemeral disks do not count. */
const ofVolumes =
  (read: (mapping: ImageMapping) => string | number | boolean | undefined) =>
  ({ mappings = [] }: ImageRecord) =>
    mappings
      .filter(({ virtualName }) => virtualName === undefined)
      .map(read)
      .filter((value) => value !== undefined)

/** The filters of DescribeImages (2.4); those that match nothing there match nothing here. */
export const imageFilters = (cloud: Cloud): FilterTable<ImageRecord> => ({
  architecture: ({ architecture }) => [architecture],
  description: ({ description }) => [description],
  'image-id': ({ id }) => [id],
  'image-type': ({ kind }) => [kind],
  'is-public': (image) => [image.public],
  'kernel-id': ({ kernelId }) => [kernelId],
  'manifest-location': ({ location }) => [location],
  name: ({ name }) => [name],
  'owner-alias': (image) => [alias(cloud, image)],
  'owner-id': ({ ownerId }) => [ownerId],
  platform: ({ platform }) => [platform],
  'ramdisk-id': ({ ramdiskId }) => [ramdiskId],
  'root-device-name': ({ rootDeviceName }) => [rootDeviceName],
  'root-device-type': (image) => [rootDeviceType(image)].filter((type) => type !== undefined),
  state: ({ state }) => [state],
  'virtualization-type': ({ virtualization }) => [virtualization],
  'block-device-mapping.delete-on-termination': ofVolumes(({ deleteOnTermination }) => deleteOnTermination),
  'block-device-mapping.device-name': ({ mappings = [] }) => mappings.map(({ deviceName }) => deviceName),
  'block-device-mapping.snapshot-id': ofVolumes(({ snapshotId }) => snapshotId),
  'block-device-mapping.volume-size': ofVolumes(({ size }) => size),
  'block-device-mapping.volume-type': ofVolumes(() => 'standard'),
  'product-code': () => [],
  'product-code.type': () => [],
  'state-reason-code': () => [],
  'state-reason-message': () => [],
  hypervisor: () => [],
  'tag-key': () => [],
  'tag-value': () => [],
})

function mappingView({ deviceName, virtualName, snapshotId, size, deleteOnTermination }: ImageMapping): Answer {
  if (virtualName !== undefined) return { deviceName, virtualName }
  return { deviceName, ebs: { snapshotId, volumeSize: size, deleteOnTermination, volumeType: 'standard' } }
}

/** An image as DescribeImages shows it (2.4). A kernel and a ramdisk have neither virtualization nor root device. */
export function imageView(cloud: Cloud, image: ImageRecord): { [name: string]: Answer } {
  return {
    imageId: image.id,
    imageLocation: image.location,
    imageState: image.state,
    imageOwnerId: image.ownerId,
    creationDate: image.createdAt,
    isPublic: image.public,
    productCodes: [],
    architecture: image.architecture,
    imageType: image.kind,
    kernelId: image.kernelId,
    ramdiskId: image.ramdiskId,
    platform: image.platform,
    imageOwnerAlias: alias(cloud, image),
    name: image.name,
    description: image.description,
    rootDeviceType: rootDeviceType(image),
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: (image.mappings ?? []).map(mappingView),
    virtualizationType: image.virtualization,
    tagSet: [],
    hypervisor: cloud.settings.fidelity === 'aws' && image.kind === 'machine' ? 'xen' : undefined,
  }
}
