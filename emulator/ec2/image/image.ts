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
  /** `bucket/key` of the manifest, and the SHA-256 of its text when it was registered. */
  readonly location: string
  readonly manifestSha256: string
  /** Bytes of the unpacked image. */
  readonly size: number
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
  'root-device-type': ({ kind }) => (kind === 'machine' ? ['instance-store'] : []),
  state: ({ state }) => [state],
  'virtualization-type': ({ virtualization }) => [virtualization],
  'block-device-mapping.delete-on-termination': () => [],
  'block-device-mapping.device-name': () => [],
  'block-device-mapping.snapshot-id': () => [],
  'block-device-mapping.volume-size': () => [],
  'block-device-mapping.volume-type': () => [],
  'product-code': () => [],
  'product-code.type': () => [],
  'state-reason-code': () => [],
  'state-reason-message': () => [],
  hypervisor: () => [],
  'tag-key': () => [],
  'tag-value': () => [],
})

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
    rootDeviceType: image.kind === 'machine' ? 'instance-store' : undefined,
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: [],
    virtualizationType: image.virtualization,
    tagSet: [],
    hypervisor: cloud.settings.fidelity === 'aws' && image.kind === 'machine' ? 'xen' : undefined,
  }
}
