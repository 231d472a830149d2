import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { Cloud } from './cloud.ts'
import type { Credentials } from './credentials.ts'
import type { ImageRecord } from './ec2/image/image.ts'
import RegisterImage from './ec2/image/RegisterImage.ts'
import { cannedAcl } from './objects/acl.ts'

/** A bundle whose parts lie in files, to be put into Object Storage and registered for everybody. */
export interface CatalogImage {
  readonly name: string
  readonly virtualization: 'hvm' | 'paravirtual'
  /** The folder in the catalog's bucket; another one for other bytes. */
  readonly prefix: string
  readonly parts: readonly { readonly filename: string; readonly path: string }[]
  readonly manifestName: string
  /** Names of catalog images, registered before. */
  readonly kernel?: string
  readonly ramdisk?: string
  /** The manifest's text, for the cloud's certificate and the administrators' account. */
  manifest(ids: { kernelId?: string; ramdiskId?: string }): string
}

/** The bucket of the starter images; it belongs to the administrators. */
export const catalogBucket = 'euca-emu-catalog'

/** The available image of that name of the administrators' account. */
function administratorsImage(cloud: Cloud, accountId: string, name: string): ImageRecord | undefined {
  return cloud.images.list().find((one) => one.ownerId === accountId && one.name === name && one.state === 'available')
}

/**
 * Uploads and registers an image of the catalog for all accounts, unless it is there with the same bytes; one of older
 * bytes is deregistered, and instances of it go on. Returns its record.
 */
export async function addToCatalog(cloud: Cloud, credentials: Credentials, image: CatalogImage): Promise<ImageRecord> {
  const { accountId, accessKeyId } = credentials
  const location = `${catalogBucket}/${image.prefix}/${image.manifestName}`
  const present = administratorsImage(cloud, accountId, image.name)
  if (present?.location === location) return present
  const id = (name: string | undefined) => (name ? administratorsImage(cloud, accountId, name)?.id : undefined)
  const [kernelId, ramdiskId] = [id(image.kernel), id(image.ramdisk)]
  await upload(
    cloud,
    accountId,
    image,
    image.manifest({ ...(kernelId && { kernelId }), ...(ramdiskId && { ramdiskId }) }),
  )
  if (present) {
    await cloud.store.change((draft) => cloud.images.in(draft).put({ ...present, state: 'deregistered' }))
  }
  const caller = { accountId, accessKeyId, administrator: true }
  const input = {
    ...Object.fromEntries(Object.keys(RegisterImage.input).map((name) => [name, undefined])),
    BlockDeviceMapping: [],
    BillingProduct: [],
    TagSpecification: [],
    Name: image.name,
    ImageLocation: location,
    VirtualizationType: image.virtualization,
  } as unknown as Parameters<typeof RegisterImage.run>[1]
  const { imageId } = await RegisterImage.run(cloud, input, { caller, requestId: cloud.ids.uuid() })
  return cloud.store.change((draft) => {
    const images = cloud.images.in(draft)
    const made = images.get(String(imageId))
    if (!made) throw new Error(`the catalog image ${image.name} was not registered`)
    const shared = { ...made, public: true }
    images.put(shared)
    return shared
  })
}

async function upload(cloud: Cloud, accountId: string, image: CatalogImage, manifest: string): Promise<void> {
  const { objects, accounts } = cloud
  const canonicalId = accounts.byId(accountId)?.canonicalId ?? ''
  const owner = { accountId, canonicalId }
  const acl = (name: string) => {
    const made = cannedAcl(name, owner)
    if (!made) throw new Error(`there is no canned ACL ${name}`)
    return made
  }
  if (!(await objects.findBucket(catalogBucket))) {
    await objects.createBucket({ name: catalogBucket, acl: acl('private'), location: '' })
  }
  const put = (name: string, body: Readable) =>
    objects.putObject({
      bucket: catalogBucket,
      key: `${image.prefix}/${name}`,
      acl: acl('aws-exec-read'),
      headers: { 'content-type': 'application/octet-stream' },
      metadata: {},
      body,
    })
  for (const { filename, path } of image.parts) await put(filename, createReadStream(path))
  await put(image.manifestName, Readable.from([Buffer.from(manifest)]))
}
