import type { Readable } from 'node:stream'
import type { Cloud } from '../cloud.ts'
import { copiedBundlePlace } from '../ec2/image/copied-bundle.ts'
import { type ImageRecord, imageLife } from '../ec2/image/image.ts'
import { cannedAcl, type Owner, privateAcl } from '../objects/acl.ts'
import { move } from '../state/life.ts'
import { failImage, withoutSource } from './image-snapshots.ts'

/**
 * Copies the bundle of the image that a pending one is a copy of into a bucket of its owner's, the manifest last; the image
 * is available then (EC2 User Guide, "Copy an AMI"). As it begins anew in the same place, what the stop of the emulator
 * breaks off is done at the next start.
 */
export async function copyBundle(
  cloud: Cloud,
  image: ImageRecord,
  from: ImageRecord | undefined,
  stopping: AbortSignal,
): Promise<void> {
  try {
    if (!from) throw new Error('the image to copy does not exist any more')
    await copyObjects(cloud, image, from, stopping)
    if (!(await finish(cloud, image.id))) await removeCopy(cloud, image)
  } catch (error) {
    if (stopping.aborted) return
    await removeCopy(cloud, image)
    await failImage(cloud, image.id, error instanceof Error ? error.message : String(error))
    throw error
  }
}

async function copyObjects(cloud: Cloud, image: ImageRecord, from: ImageRecord, stopping: AbortSignal): Promise<void> {
  const { location, manifestSha256 = '' } = from
  const found = await cloud.imaging.checkManifest({ location, manifestSha256 })
  const owner = ownerOf(cloud, image)
  const { bucket, folder, manifest } = copiedBundlePlace(image)
  await demandBucket(cloud, bucket, owner)
  const sourceFolder = found.key.slice(0, found.key.lastIndexOf('/') + 1)
  const copies = found.manifest.parts.map(({ filename }) => [sourceFolder + filename, folder + filename] as const)
  for (const [fromKey, toKey] of [...copies, [found.key, manifest] as const]) {
    stopping.throwIfAborted()
    const body = await opened(cloud, image, found.bucket, fromKey)
    const acl = cannedAcl('aws-exec-read', owner) ?? privateAcl(owner)
    await cloud.objects.putObject({ bucket, key: toKey, body, acl, headers: {}, metadata: {} })
  }
}

function ownerOf(cloud: Cloud, { ownerId }: ImageRecord): Owner {
  const account = cloud.accounts.byId(ownerId)
  if (!account) throw new Error(`the account ${ownerId} does not exist any more`)
  return { accountId: ownerId, canonicalId: account.canonicalId }
}

/** The bytes of an object, if the ACL lets the copy's owner read it. */
async function opened(cloud: Cloud, image: ImageRecord, bucket: string, key: string): Promise<Readable> {
  const requester = { kind: 'account', ...ownerOf(cloud, image), administrator: false } as const
  return (await cloud.objects.openObject(bucket, key, { requester })).body()
}

/** Names of buckets are everybody's: one of that name may be another account's. */
async function demandBucket(cloud: Cloud, name: string, owner: Owner): Promise<void> {
  const present = await cloud.objects.findBucket(name)
  if (!present) await cloud.objects.createBucket({ name, acl: privateAcl(owner), location: '' })
  else if (present.acl.owner.accountId !== owner.accountId) throw new Error(`the bucket ${name} is another account's`)
}

/** Makes the image available; false when it was deregistered meanwhile. */
function finish(cloud: Cloud, id: string): Promise<boolean> {
  return cloud.store.change((draft) => {
    const images = cloud.images.in(draft)
    const image = images.get(id)
    if (!image) return false
    const isWanted = image.state === 'pending'
    const state = isWanted ? move(imageLife, image.state, 'made') : image.state
    images.put({ ...withoutSource(image), state })
    return isWanted
  })
}

/** Removes what was copied for an image that does not come to be; the bucket stays, as AWS keeps it. */
async function removeCopy({ objects }: Cloud, image: ImageRecord): Promise<void> {
  const { bucket, folder } = copiedBundlePlace(image)
  if (!(await objects.findBucket(bucket))) return
  for (;;) {
    const { entries } = await objects.listObjects(bucket, { prefix: folder, delimiter: '', after: '', limit: 1000 })
    if (entries.length === 0) return
    for (const entry of entries) if ('row' in entry) await objects.deleteObject(bucket, entry.row.key)
  }
}
