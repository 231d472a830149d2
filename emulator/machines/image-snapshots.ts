import type { Cloud } from '../cloud.ts'
import { type ImageMapping, type ImageRecord, imageLife, isBundleCopy } from '../ec2/image/image.ts'
import { type SnapshotRecord, snapshotLife } from '../ec2/snapshot/snapshot.ts'
import { putTags } from '../ec2/tag/put-tags.ts'
import { move } from '../state/life.ts'
import type { Draft } from '../state/store.ts'

/** A snapshot to make for an image: of which volume, as its record has it, and of how many GiB. */
export type ImageSnapshot = Pick<SnapshotRecord, 'volumeId' | 'volumeSize' | 'description'>

/** Makes the records of a pending image's snapshots, all pending, its owner's; resolves with their ids, in order. */
export function beginSnapshots(cloud: Cloud, imageId: string, wanted: readonly ImageSnapshot[]): Promise<string[]> {
  return cloud.store.change((draft) => {
    const images = cloud.images.in(draft)
    const image = images.get(imageId)
    if (image?.state !== 'pending') throw new Error(`the image ${imageId} is no longer wanted`)
    const startedAt = cloud.clock.now().toISOString()
    const snapshotIds = wanted.map((one) => {
      const id = cloud.ids.resource('snap')
      cloud.snapshots.in(draft).put({ ...one, id, ownerId: image.ownerId, state: 'pending', startedAt })
      putTags(cloud, draft, { accountId: image.ownerId }, { id, type: 'snapshot' }, image.snapshotTags ?? [])
      return id
    })
    images.put({ ...image, snapshotIds })
    return snapshotIds
  })
}

/** An image that is made, or never will be. */
export const withoutSource = ({ source: _, snapshotIds: __, snapshotTags: ___, ...image }: ImageRecord): ImageRecord =>
  image

/** Makes an image available with its mappings, and its snapshots complete, all at once. */
export async function completeImage(cloud: Cloud, imageId: string, mappings: readonly ImageMapping[]): Promise<void> {
  await cloud.store.change((draft) => {
    const [images, snapshots] = [cloud.images.in(draft), cloud.snapshots.in(draft)]
    const image = images.get(imageId)
    for (const id of image?.snapshotIds ?? []) {
      const snapshot = snapshots.get(id)
      if (snapshot) snapshots.put({ ...snapshot, state: move(snapshotLife, snapshot.state, 'stored') })
    }
    if (!image) return
    const size = (mappings[0]?.size ?? 0) * 2 ** 30
    // One that was deregistered meanwhile stays so.
    const state = image.state === 'pending' ? move(imageLife, image.state, 'made') : image.state
    images.put({ ...withoutSource(image), state, size, mappings })
  })
}

/** Gives an image up, within a change, and takes away its snapshots. Returns their ids, whose disks the caller has removed. */
function breakImage(cloud: Cloud, draft: Draft, image: ImageRecord, failure: string): readonly string[] {
  const state = image.state === 'pending' ? move(imageLife, image.state, 'broke') : image.state
  cloud.images.in(draft).put({ ...withoutSource(image), state, failure })
  for (const id of image.snapshotIds ?? []) cloud.snapshots.in(draft).remove(id)
  return image.snapshotIds ?? []
}

/** Notes that an image cannot be made, and why. Nothing of it stays. */
export async function failImage(cloud: Cloud, imageId: string, failure: string): Promise<void> {
  const gone = await cloud.store.change((draft) => {
    const image = cloud.images.in(draft).get(imageId)
    return image ? breakImage(cloud, draft, image, failure) : []
  })
  for (const id of gone) cloud.disks.removeSnapshot(id)
}

/**
 * At a start, within a change: EBS images that were being made when the emulator ended have failed. Their disks are swept.
 */
export function breakUnfinished(cloud: Cloud, draft: Draft): void {
  for (const image of cloud.images.in(draft).list()) {
    if (image.source && !isBundleCopy(image))
      breakImage(cloud, draft, image, 'The emulator ended while the image was being made.')
  }
}
