import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ImageKind } from '../src/bundle/manifest.ts'
import { bundleAndUpload } from '../src/client/bundle-image.ts'
import type { ImageSource } from '../src/client/bundle-parts.ts'
import type { Parameters } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import type { UploadedBundle } from '../src/client/upload.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import { makeBucket } from './buckets.ts'
import type { Clients } from './clients.ts'
import { type ByFidelity, isTaken, type Refusal, refusal } from './refusal.ts'
import type { Tools } from './tools.ts'
import { deleteSnapshotLater } from './volumes.ts'

/** A bundle to upload; what is left out is that of an ordinary one. */
export interface BundleToUpload {
  /** Whose bucket it goes to; the administrator's if left out. */
  readonly clients?: Clients
  /** By default bytes that nothing boots: most cases are not about booting. */
  readonly image?: ImageSource
  readonly kind?: ImageKind
  /** The account that the manifest names. */
  readonly accountId?: string
  readonly cloudCertificate?: string
  /** For whom besides the cloud it is encrypted. */
  readonly userCertificate?: string
  readonly acl?: string
  readonly blockDeviceMapping?: Readonly<Record<string, string>>
}

/** A bundle in a bucket of its own. */
export interface StoredBundle extends UploadedBundle {
  readonly bucket: string
  /** The keys of the manifest and of the first part. */
  readonly manifest: string
  readonly firstPart: string
}

/** An image of random bytes: enough to be registered, and to be launched where nothing is booted. */
export function randomImage(size = 64 * 1024): ImageSource {
  const stream = (async function* () {
    yield randomBytes(size)
  })()
  return { stream, size }
}

/** The certificate that bundles are encrypted for. */
function certificateOf({ target }: Tools): string {
  const { cloudCertificate, name } = target
  if (cloudCertificate === undefined) throw new Error(`the target ${name} has no cloudCertificate`)
  return cloudCertificate
}

/** Bundles an image and uploads it with minio-js into a bucket of its own, which is removed after the case. */
export async function uploadBundle(tools: Tools, bundle: BundleToUpload = {}): Promise<StoredBundle> {
  const { clients = tools.administrator, image = randomImage(), kind = 'machine', acl } = bundle
  const { blockDeviceMapping, userCertificate } = bundle
  const { accountId = clients.account.accountId, cloudCertificate = certificateOf(tools) } = bundle
  const bucket = await makeBucket(tools, clients)
  const name = 'image'
  const uploaded = await bundleAndUpload({
    s3: clients.minio,
    bucket,
    image,
    name,
    kind,
    accountId,
    architecture: 'x86_64',
    cloudCertificate,
    ...(acl !== undefined && { acl }),
    ...(userCertificate !== undefined && { userCertificate }),
    ...(blockDeviceMapping && { blockDeviceMapping }),
  })
  return { ...uploaded, bucket, manifest: `${name}.manifest.xml`, firstPart: `${name}.part.00` }
}

/** Deregisters an image for good: Eucalyptus hides it first and deletes it at the second time. */
async function deregister(tools: Tools, { ec2 }: Clients, ImageId: string): Promise<void> {
  if (tools.target.fidelity === 'eucalyptus') {
    await ec2.call('DeregisterImage', { ImageId })
    await ec2.call('DeregisterImage', { ImageId })
    return
  }
  await ec2.call('DeregisterImage', { ImageId }).catch((error: unknown) => {
    if (!(error instanceof ServiceError && error.code === 'InvalidAMIID.Unavailable')) throw error
  })
}

/** Registers the image at a location and gives its id; it is deregistered after the case. */
export const registerImage = (
  tools: Tools,
  location: string,
  parameters: Parameters = {},
  clients: Clients = tools.administrator,
): Promise<string> => register(tools, { ImageLocation: location, ...parameters }, clients)

/** What the root of an image of a snapshot is mapped as: AWS takes no bare disk there. */
export const rootDevice = ({ of }: Pick<Tools, 'of'>): string => of({ eucalyptus: '/dev/sda', aws: '/dev/sda1' })

/**
 * Registers a whole disk that a snapshot holds, and gives the image's id; it is deregistered after the case. The volumes
 * of its roots end with their instances unless a launch says otherwise: told here, as the clouds' own defaults differ.
 */
export const registerSnapshot = (tools: Tools, SnapshotId: string): Promise<string> => {
  const device = rootDevice(tools)
  const mapping = [{ DeviceName: device, Ebs: { SnapshotId, DeleteOnTermination: true } }]
  const disk = { RootDeviceName: device, Architecture: 'x86_64', BlockDeviceMapping: mapping }
  return register(tools, { ...disk, VirtualizationType: 'hvm' }, tools.administrator)
}

async function register(tools: Tools, parameters: Parameters, clients: Clients): Promise<string> {
  const asked = { Name: tools.name('image'), ...parameters }
  const id = text(await clients.ec2.call('RegisterImage', asked), 'imageId')
  if (!id) throw new Error(`RegisterImage of ${JSON.stringify(asked)} answered without an image id`)
  deregisterLater(tools, id, clients)
  return id
}

/** Deregisters an image after the case. */
export function deregisterLater(tools: Tools, id: string, clients: Clients = tools.administrator): void {
  tools.later(`image ${id}`, () => deregister(tools, clients, id))
}

/** The snapshots that an image maps, as DescribeImages shows it. */
const mappedSnapshots = (image: Xml | undefined): string[] =>
  list(image, 'blockDeviceMapping').flatMap((mapping) => text(mapping, 'ebs', 'snapshotId') ?? [])

/** Deregisters an image after the case, and deletes the snapshots that were made for it. */
export function removeImageLater(tools: Tools, id: string): void {
  const { administrator } = tools
  tools.later(`image ${id}`, async () => {
    const [image] = await describeImages(administrator, id)
    // After it, also when it was gone already.
    for (const SnapshotId of mappedSnapshots(image)) deleteSnapshotLater(tools, SnapshotId)
    await deregister(tools, administrator, id)
  })
}

/** Asks for an image of an instance and gives its id at once; it is removed after the case, with its snapshots. */
export async function askForImage(tools: Tools, parameters: Parameters): Promise<string> {
  const asked = { Name: tools.name('image'), ...parameters }
  const id = text(await tools.administrator.ec2.call('CreateImage', asked), 'imageId')
  if (!id) throw new Error(`CreateImage of ${JSON.stringify(asked)} answered without an image id`)
  removeImageLater(tools, id)
  return id
}

/** Makes an image of an instance and gives its id when it is available; it is removed after the case. */
export async function createImage(tools: Tools, InstanceId: string, parameters: Parameters = {}): Promise<string> {
  const { administrator } = tools
  const id = await askForImage(tools, { InstanceId, ...parameters })
  const isMade = ([image]: Xml[]) => {
    const state = text(image, 'imageState')
    assert.ok(state === 'pending' || state === 'available', `the image ${id} is ${state}`)
    return state === 'available'
  }
  await tools.until(`${id} available`, () => describeImages(administrator, id), isMade, 120)
  return id
}

/** Uploads and registers an HVM image of random bytes. */
export async function registerRandomImage(tools: Tools, clients: Clients = tools.administrator): Promise<string> {
  const { location } = await uploadBundle(tools, { clients })
  return registerImage(tools, location, { VirtualizationType: 'hvm' }, clients)
}

/** The images that DescribeImages shows for an id. Throws ServiceError. */
export async function describeImages({ ec2 }: Clients, id: string): Promise<Xml[]> {
  return list(await ec2.call('DescribeImages', { ImageId: [id] }), 'imagesSet')
}

const imageNotFound = refusal('InvalidAMIID.NotFound', 400)
const imageUnavailable = refusal('InvalidAMIID.Unavailable', 400)

/** How a cloud says of an image that was deregistered that it is not there; AWS tells of it for a while that it was. */
export const deregistered: ByFidelity<readonly Refusal[]> = {
  eucalyptus: [imageNotFound],
  aws: [imageNotFound, imageUnavailable],
}

/** Asserts that a deregistered image is no longer described: in Eucalyptus at once, in AWS after a while, first by an empty list. */
export async function untilHidden(tools: Tools, id: string): Promise<void> {
  const { administrator, target } = tools
  const isGone = async () => {
    const images = describeImages(administrator, id)
    if (await isTaken(images)) return (await images).length === 0
    await tools.refuses(images, deregistered)
    return true
  }
  if (target.fidelity === 'eucalyptus') await tools.refuses(describeImages(administrator, id), deregistered)
  else await tools.until(`${id} hidden`, isGone, (gone) => gone, 120)
}
