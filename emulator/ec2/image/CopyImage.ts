import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, optional, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { isImageId } from '../ids.ts'
import { operation } from '../operation.ts'
import { mayRestore } from '../snapshot/snapshot.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { openAs } from '../task/own-objects.ts'
import { copiedBundlePlace, copyBucket } from './copied-bundle.ts'
import { findImage, type ImageRecord, mayUse } from './image.ts'
import { demandFreeName, imageName, newImageId } from './naming.ts'

const input = {
  SourceRegion: optional(text),
  SourceImageId: optional(text),
  Name: optional(text),
  Description: optional(text),
  ClientToken: optional(text),
  CopyImageTags: optional(flag),
  TagSpecification: tagSpecifications,
}

/**
 * Copies an image in AWS: of EBS with snapshots of its own, of instance-store with its bundle, into a bucket of the
 * account's (EC2 User Guide, "Copy an AMI"). Eucalyptus answers success without an image and copies nothing
 * (eucalyptus-behaviour.md sections 2.6 and 12), which clients of it have to see here, too.
 */
export default operation('CopyImage', {
  input,
  async run(cloud, request, { caller }) {
    if (cloud.settings.fidelity === 'eucalyptus') return {}
    const { SourceImageId, SourceRegion, ClientToken } = request
    if (SourceImageId === undefined) throw fault('missingParameter', 'sourceImageId')
    if (SourceRegion === undefined) throw fault('missingParameter', 'sourceRegion')
    if (SourceRegion !== cloud.settings.region) throw fault('invalidParameterValue', SourceRegion, 'sourceRegion')
    const tags = specifiedTags(cloud, request.TagSpecification, ['image', 'snapshot'])
    await demandBundle(cloud, SourceImageId, caller)
    const made = await cloud.store.change((draft) => {
      const images = cloud.images.in(draft)
      const isEarlier = ({ clientToken, ownerId }: ImageRecord) =>
        clientToken === ClientToken && ownerId === caller.accountId
      const earlier = ClientToken === undefined ? undefined : images.list().find(isEarlier)
      if (earlier) return { id: earlier.id, fresh: false }
      const source = sourceImage(cloud, draft, SourceImageId, caller)
      const image = { ...pendingCopy(cloud, draft, source, request, caller), snapshotTags: tags.snapshot }
      images.put(image)
      const copied = request.CopyImageTags
        ? (cloud.tags.in(draft).get(`${caller.accountId}/${source.id}`)?.tags ?? [])
        : []
      putTags(cloud, draft, caller, { id: image.id, type: 'image' }, [...copied, ...tags.image])
      return { id: image.id, fresh: true }
    })
    if (made.fresh) cloud.disks.copyImage(made.id)
    return { imageId: made.id }
  },
})

/** The image to copy: one that is available, and whose snapshots the caller may restore as well. Throws the faults. */
function sourceImage(cloud: Cloud, draft: Draft, id: string, caller: Caller): ImageRecord {
  if (!isImageId(id)) throw fault('imageIdMalformed', id)
  const image = findImage(cloud.images.in(draft), id)
  if (image?.state !== 'available' || !mayUse(image, caller)) throw fault('imageNotFound', id)
  for (const { snapshotId } of image.mappings ?? []) {
    if (snapshotId === undefined) continue
    const snapshot = cloud.snapshots.in(draft).get(snapshotId)
    if (!snapshot || !mayRestore(snapshot, caller)) throw fault('copyDenied', image.id)
  }
  return image
}

/**
 * Sees that the caller may read the bundle of an instance-store image, as AWS asks: its manifest, as the parts have the same
 * ACL. A role has to allow it, and the copying. Throws the fault; an image that is not there is for the copy to refuse.
 */
async function demandBundle(cloud: Cloud, id: string, { accountId, role }: Caller): Promise<void> {
  const image = findImage(cloud.images, id)
  if (image?.state !== 'available' || image.mappings) return
  const { bucket, manifest } = copiedBundlePlace({ location: image.location.replace(/^\//, '') })
  const allows = (action: string, place: string) => role?.may(action, { arn: `arn:aws:s3:::${place}` }) ?? true
  const to = copyBucket(accountId, cloud.settings.region)
  if (!allows('s3:GetObject', `${bucket}/${manifest}`) || !allows('s3:PutObject', `${to}/*`)) throw fault('copyDenied')
  const found = await openAs(cloud, { accountId }, bucket, manifest)
  if (typeof found === 'string') throw fault('copyDenied')
  found.close()
}

function pendingCopy(
  cloud: Cloud,
  draft: Draft,
  source: ImageRecord,
  { Name, Description, ClientToken }: Values<typeof input>,
  caller: Caller,
): ImageRecord {
  const name = imageName(cloud, Name ?? source.name, Description)
  demandFreeName(cloud, draft, name, caller)
  const { permissions: _, productCodes: __, deprecatedAt: ___, description, ...common } = source
  const words = Description ?? description
  const id = newImageId(cloud, source.kind)
  return {
    ...common,
    id,
    ownerId: caller.accountId,
    state: 'pending',
    name,
    ...(words !== undefined && { description: words }),
    createdAt: cloud.clock.now().toISOString(),
    public: false,
    ...(source.mappings
      ? { location: `${caller.accountId}/${name}`, mappings: [] }
      : { location: copyLocation(cloud, source, id, caller) }),
    ...(ClientToken !== undefined && { clientToken: ClientToken }),
    source: { imageId: source.id },
  }
}

/** Where the bundle of a copy comes to lie: a folder of its own keeps copies of images with equal names apart. */
function copyLocation(cloud: Cloud, { location }: ImageRecord, id: string, { accountId }: Caller): string {
  return [copyBucket(accountId, cloud.settings.region), id, location.slice(location.lastIndexOf('/') + 1)].join('/')
}
