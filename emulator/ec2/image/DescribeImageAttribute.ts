import { text } from '../../../src/protocol/shape.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { permissionView } from '../sharing.ts'
import type { ImageMapping, ImageRecord } from './image.ts'
import { mappingView, productCodeSet } from './image-view.ts'
import { ownedImage } from './owned-image.ts'

type Reader = (cloud: Cloud, image: ImageRecord) => Answer

const value = (text: string | undefined): Answer => (text === undefined ? undefined : { value: text })

/** What Eucalyptus says of every instance-store image, whatever it is. */
const instanceStoreDevices = [
  { virtualName: 'ami', deviceName: 'sda1' },
  { virtualName: 'ephemeral0', deviceName: 'sda2' },
  { virtualName: 'swap', deviceName: 'sda3' },
  { virtualName: 'root', deviceName: '/dev/sda1' },
]

/** The devices of an image as Eucalyptus lists them: its root under two names, then volumes by number (section 2.4). */
function namedDevices({ mappings, rootDeviceName = '' }: ImageRecord): Answer {
  if (!mappings) return instanceStoreDevices
  const others = mappings.filter(({ deviceName }) => deviceName !== rootDeviceName)
  const volumes = others.filter(({ virtualName }) => virtualName === undefined)
  const named = (mapping: ImageMapping) =>
    mapping.virtualName !== undefined
      ? mappingView(mapping)
      : { virtualName: `ebs${volumes.indexOf(mapping) + 1}`, ...mappingView(mapping) }
  return [
    { virtualName: 'ami', deviceName: rootDeviceName },
    { virtualName: 'root', deviceName: rootDeviceName },
    ...others.map(named),
  ]
}

/** Each attribute as the answer has it. */
const attributes: Readonly<Record<string, Reader>> = {
  launchPermission: (_, { public: isPublic, permissions = [] }) => permissionView({ public: isPublic, permissions }),
  productCodes: (_, image) => productCodeSet(image),
  kernel: (_, { kernelId }) => value(kernelId),
  ramdisk: (_, { ramdiskId }) => value(ramdiskId),
  description: (_, { description }) => value(description),
  blockDeviceMapping: (_, image) => namedDevices(image),
}

/** What only AWS has. */
const awsAttributes: Readonly<Record<string, Reader>> = {
  ...attributes,
  // Out of use: DescribeImages tells it (EC2 API Reference, DescribeImageAttribute).
  blockDeviceMapping() {
    throw fault('imageAttributeRestricted')
  },
  bootMode: (_, image) => value(image.bootMode),
  sriovNetSupport: () => undefined,
}

/** One attribute of an image, for its owner (eucalyptus-behaviour.md section 2.4). */
export default operation('DescribeImageAttribute', {
  input: { ImageId: text, Attribute: text },
  async run(cloud, { ImageId, Attribute }, { caller }) {
    const image = ownedImage(cloud, cloud.images, ImageId, caller, 'describe')
    const table = cloud.settings.fidelity === 'aws' ? awsAttributes : attributes
    const read = Object.hasOwn(table, Attribute) ? table[Attribute] : undefined
    if (!read) throw fault('imageAttributeUnknown', Attribute)
    return { imageId: image.id, [Attribute]: read(cloud, image) }
  },
})
