import type { Manifest } from '../../../src/bundle/manifest.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { refuseEbs } from '../device-mapping.ts'
import { fault } from '../faults.ts'
import { loadableId } from './loadable-id.ts'
import { checkArchitecture, type Described, type Registration } from './registration.ts'

/** What a manifest in Object Storage makes of an instance-store image. Throws the faults. */
export async function fromManifest(
  cloud: Cloud,
  request: Registration,
  location: string,
  virtualization: 'hvm' | 'paravirtual',
  caller: Caller,
): Promise<Described> {
  const aws = cloud.settings.fidelity === 'aws'
  // AWS takes several ephemeral disks of an image as of a launch.
  refuseEbs(request.BlockDeviceMapping, aws ? 'launch' : 'image')
  const { manifest, sha256 } = await cloud.imaging.readManifest(location).catch((error) => {
    throw unreadable(error, location)
  })
  // The name of its manifest says something of an image in Eucalyptus alone.
  const fileName = aws ? '' : location.slice(location.lastIndexOf('/') + 1)
  const described = describe(request, virtualization, fileName, manifest, caller)
  return { ...described, location, manifestSha256: sha256 }
}

/** A manifest that cannot be read is one fault in Eucalyptus, whatever the reason; what is no manifest problem stays. */
function unreadable(error: unknown, location: string): unknown {
  if (!(error instanceof Error) || error.name !== 'ManifestUnreadable') return error
  return fault('kind' in error && error.kind === 'location' ? 'locationInvalid' : 'manifestUnreadable', location)
}

/** The rules of the manifest, in the order of ImageManager. */
function describe(
  request: Registration,
  virtualization: 'hvm' | 'paravirtual',
  fileName: string,
  manifest: Manifest,
  caller: Caller,
): Omit<Described, 'location' | 'manifestSha256'> {
  if (manifest.accountId !== caller.accountId) throw fault('manifestNotYours')
  const kind = fileName.startsWith('vmlinuz') ? 'kernel' : fileName.startsWith('initrd') ? 'ramdisk' : manifest.kind
  if (kind !== 'machine' && !caller.administrator) throw fault('kernelByAdministratorsOnly', kind)
  const limit = 30
  if (manifest.size > limit * 2 ** 30) throw fault('imageTooLarge', String(manifest.size), String(limit))
  const architecture = request.Architecture ?? manifest.architecture ?? 'i386'
  checkArchitecture(architecture)
  const base = {
    kind,
    size: manifest.size,
    architecture,
    ...(request.Description !== undefined && { description: request.Description }),
  }
  return kind === 'machine' ? { ...base, ...machineOnly(request, virtualization, fileName, manifest) } : base
}

/** What only a machine image has: virtualization, platform, kernel and ramdisk, root device. */
function machineOnly(
  request: Registration,
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
  const kernelId = loadableId('KernelId', request.KernelId, manifest.kernelId)
  const ramdiskId = loadableId('RamdiskId', request.RamdiskId, manifest.ramdiskId)
  if (virtualized === 'paravirtual' && kernelId === undefined) throw fault('kernelMissing')
  if (virtualized === 'paravirtual' && ramdiskId === undefined) throw fault('ramdiskMissing')
  return { ...common, ...(kernelId && { kernelId }), ...(ramdiskId && { ramdiskId }) }
}
