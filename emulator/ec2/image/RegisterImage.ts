import type { Manifest } from '../../../src/bundle/manifest.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, list, optional, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { deviceMappings, refuseEbs } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import { isImageId } from '../ids.ts'
import { operation } from '../operation.ts'
import type { ImageRecord } from './image.ts'

const input = {
  Name: optional(text),
  Description: optional(text),
  ImageLocation: optional(text),
  Architecture: optional(text),
  KernelId: optional(text),
  RamdiskId: optional(text),
  RootDeviceName: optional(text),
  VirtualizationType: optional(text),
  Platform: optional(text),
  BlockDeviceMapping: deviceMappings,
  EnaSupport: optional(flag),
  SriovNetSupport: optional(text),
  BillingProduct: list(text),
}
type Input = Values<typeof input>

/** What the request and the manifest make of the image. */
type Described = Omit<ImageRecord, 'id' | 'ownerId' | 'state' | 'name' | 'createdAt' | 'public'>

/** Registers an instance-store image from its manifest, by the decision table of eucalyptus-behaviour.md section 2.2. */
export default operation('RegisterImage', {
  input,
  async run(cloud, request, { caller }) {
    const name = request.Name
    if (name === undefined || !/^[A-Za-z0-9()./_-]{3,128}$/.test(name)) throw fault('imageNameMalformed')
    if ((request.Description?.length ?? 0) > 255) throw fault('descriptionTooLong')
    const virtualization = (request.VirtualizationType ?? 'paravirtual').toLowerCase()
    if (virtualization !== 'hvm' && virtualization !== 'paravirtual') {
      throw fault('virtualizationUnknown', virtualization)
    }
    const location = request.ImageLocation?.replace(/^\//, '')
    if (!location)
      throw fault(request.BlockDeviceMapping.some(({ Ebs }) => Ebs) ? 'registerSnapshot' : 'registerNothing')
    refuseEbs(request.BlockDeviceMapping, 'image')
    const { manifest, sha256 } = await cloud.imaging.readManifest(location).catch((error) => {
      throw unreadable(error, location)
    })
    const described = describe(request, virtualization, location, sha256, manifest, caller)
    const image = await cloud.store.change((draft) => keep(cloud, draft, name, described, caller))
    return { imageId: image.id }
  },
})

/** A manifest that cannot be read is one fault in Eucalyptus, whatever the reason; what is no manifest problem stays. */
function unreadable(error: unknown, location: string): unknown {
  if (!(error instanceof Error) || error.name !== 'ManifestUnreadable') return error
  return fault('kind' in error && error.kind === 'location' ? 'locationInvalid' : 'manifestUnreadable', location)
}

/** The rules of the manifest, in the order of ImageManager. */
function describe(
  request: Input,
  virtualization: 'hvm' | 'paravirtual',
  location: string,
  manifestSha256: string,
  manifest: Manifest,
  caller: Caller,
): Described {
  if (manifest.accountId !== caller.accountId) throw fault('manifestNotYours')
  const fileName = location.slice(location.lastIndexOf('/') + 1)
  const kind = fileName.startsWith('vmlinuz') ? 'kernel' : fileName.startsWith('initrd') ? 'ramdisk' : manifest.kind
  if (kind !== 'machine' && !caller.administrator) throw fault('kernelByAdministratorsOnly', kind)
  const limit = 30
  if (manifest.size > limit * 2 ** 30) throw fault('imageTooLarge', String(manifest.size), String(limit))
  const architecture = request.Architecture ?? manifest.architecture ?? 'i386'
  if (!['i386', 'x86_64', 'other'].includes(architecture)) throw fault('architectureUnknown', architecture)
  const base = {
    kind,
    location,
    manifestSha256,
    size: manifest.size,
    architecture,
    ...(request.Description !== undefined && { description: request.Description }),
  }
  return kind === 'machine' ? { ...base, ...machineOnly(request, virtualization, fileName, manifest) } : base
}

/** What only a machine image has: virtualization, platform, kernel and ramdisk, root device. */
function machineOnly(
  request: Input,
  virtualization: 'hvm' | 'paravirtual',
  fileName: string,
  manifest: Manifest,
): Partial<Described> {
  const windows =
    fileName.startsWith('windows') || manifest.kernelId === 'windows' || request.Platform?.toLowerCase() === 'windows'
  const virtualized = windows ? 'hvm' : virtualization
  const device = (virtual: string) => manifest.blockDeviceMapping.find((mapping) => mapping.virtual === virtual)?.device
  const root = device('ami')
  const rootDirective = device('root')
  const common = {
    virtualization: virtualized,
    ...(windows && { platform: 'windows' as const }),
    rootDeviceName: root ? `/dev/${root.replace(/^\/dev\//, '')}` : virtualized === 'hvm' ? '/dev/sda' : '/dev/sda1',
    ...(rootDirective !== undefined && /^\/dev\/[a-z]+\d*$/.test(rootDirective) && { rootDirective }),
  }
  const kernelId = loadableId('KernelId', 'k', request.KernelId, manifest.kernelId)
  const ramdiskId = loadableId('RamdiskId', 'r', request.RamdiskId, manifest.ramdiskId)
  if (virtualized === 'paravirtual' && kernelId === undefined) throw fault('kernelMissing')
  if (virtualized === 'paravirtual' && ramdiskId === undefined) throw fault('ramdiskMissing')
  return { ...common, ...(kernelId && { kernelId }), ...(ramdiskId && { ramdiskId }) }
}

/** A kernel or ramdisk id: the request's must be well-formed; the manifest's counts only if it is. */
function loadableId(name: string, letter: 'k' | 'r', asked: string | undefined, inManifest: string | undefined) {
  const fits = (id: string) => isImageId(id) && id[1]?.toLowerCase() === letter
  if (asked !== undefined && !fits(asked)) throw fault('invalidParameterValue', asked, name)
  return (asked ?? (inManifest !== undefined && fits(inManifest) ? inManifest : undefined))?.toLowerCase()
}

/** Names are unique among an account's available images. */
function keep(cloud: Cloud, draft: Draft, name: string, described: Described, caller: Caller): ImageRecord {
  const images = cloud.images.in(draft)
  const taken = images
    .list()
    .find((image) => image.ownerId === caller.accountId && image.name === name && image.state === 'available')
  if (taken) throw fault('imageNameDuplicate', name, taken.id)
  const letter = { machine: 'm', kernel: 'k', ramdisk: 'r' }[described.kind]
  const image: ImageRecord = {
    id: cloud.ids.resource(`${cloud.settings.fidelity === 'aws' ? 'a' : 'e'}${letter}i`),
    ownerId: caller.accountId,
    state: 'available',
    name,
    createdAt: cloud.clock.now().toISOString(),
    // cloud.images.default_visibility is false: kernels and ramdisks, too, have to be shared to be used by others.
    public: false,
    ...described,
  }
  images.put(image)
  return image
}
