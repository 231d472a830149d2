import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import type { TagsOf } from '../tag/tags.ts'
import type { ImageMapping, ImageRecord } from './image.ts'

const alias = (cloud: Cloud, image: ImageRecord) => cloud.accounts.byId(image.ownerId)?.name

/** Why an image is not there, as AWS tells it. */
const failed = { code: 'Server.InternalError' }

/** Of a machine image alone. */
const rootDeviceType = ({ kind, mappings }: ImageRecord) =>
  kind === 'machine' ? (mappings ? 'ebs' : 'instance-store') : undefined

/** AWS tells it of machine images. */
const hypervisorOf = ({ settings }: Cloud, { kind }: ImageRecord) =>
  settings.fidelity === 'aws' && kind === 'machine' ? 'xen' : undefined

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
  'product-code': ({ productCodes = [] }) => productCodes,
  'product-code.type': () => [],
  'state-reason-code': () => [],
  'state-reason-message': () => [],
  hypervisor: (image) => [hypervisorOf(cloud, image)].filter((name) => name !== undefined),
  ...(cloud.settings.fidelity === 'aws' && awsFilters),
})

/** What AWS has besides (API reference, DescribeImages); no image here says what network cards it supports. */
const awsFilters: FilterTable<ImageRecord> = {
  'block-device-mapping.encrypted': ofVolumes(() => false),
  'creation-date': ({ createdAt }) => [createdAt],
  'ena-support': () => [],
  'sriov-net-support': () => [],
  'state-reason-code': ({ failure }) => (failure === undefined ? [] : [failed.code]),
  'state-reason-message': ({ failure }) => (failure === undefined ? [] : [failure]),
}

/** The product codes of an image or a snapshot as answers list them. */
export const productCodeSet = ({ productCodes = [] }: Pick<ImageRecord, 'productCodes'>): Answer[] =>
  productCodes.map((productCode) => ({ productCode }))

/** A device of an image as DescribeImages shows it. */
export function mappingView({ deviceName, virtualName, snapshotId, size, deleteOnTermination }: ImageMapping): {
  [name: string]: Answer
} {
  if (virtualName !== undefined) return { deviceName, virtualName }
  return { deviceName, ebs: { snapshotId, volumeSize: size, deleteOnTermination, volumeType: 'standard' } }
}

/** An image as DescribeImages shows it (2.4). A kernel and a ramdisk have neither virtualization nor root device. */
export function imageView(cloud: Cloud, image: ImageRecord, tags: TagsOf): { [name: string]: Answer } {
  const aws = cloud.settings.fidelity === 'aws'
  return {
    imageId: image.id,
    imageLocation: image.location,
    imageState: image.state,
    imageOwnerId: image.ownerId,
    creationDate: image.createdAt,
    isPublic: image.public,
    productCodes: productCodeSet(image),
    architecture: image.architecture,
    imageType: image.kind,
    kernelId: image.kernelId,
    ramdiskId: image.ramdiskId,
    platform: image.platform,
    name: image.name,
    description: image.description,
    rootDeviceType: rootDeviceType(image),
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: (image.mappings ?? []).map(mappingView),
    virtualizationType: image.virtualization,
    tagSet: tags(image),
    hypervisor: hypervisorOf(cloud, image),
    bootMode: image.bootMode,
    deprecationTime: image.deprecatedAt,
    stateReason: aws && image.failure ? { ...failed, message: image.failure } : undefined,
  }
}
