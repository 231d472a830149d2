import type { Cloud } from '../cloud.ts'
import { isBundleCopy } from '../ec2/image/image.ts'
import { copyBundle } from './copy-bundle.ts'
import type { Host } from './host.ts'
import { beginSnapshots, completeImage, failImage, type ImageSnapshot } from './image-snapshots.ts'

/** What a copied snapshot says of the volume that it was made of: that there is none (EC2 API reference). */
const noVolume = 'vol-ffffffff'

/**
 * Copies the bundle or the snapshots of the image that a pending one is a copy of, which is then available: snapshots of
 * their own, which stay when the others are deleted. Snapshots whose copying the stop of the emulator breaks off fail at
 * the next start.
 */
export async function copyImage({ cloud }: Host, imageId: string, stopping: AbortSignal): Promise<void> {
  const image = cloud.images.get(imageId)
  const source = image?.source
  if (!source || !('imageId' in source)) return
  const from = cloud.images.get(source.imageId)
  if (isBundleCopy(image)) return copyBundle(cloud, image, from, stopping)
  try {
    const mappings = from?.mappings
    if (!mappings) throw new Error(`the image ${source.imageId} does not exist any more`)
    const sources = [...new Set(mappings.flatMap(({ snapshotId }) => snapshotId ?? []))]
    const wanted = sources.map((id) => copyOf(cloud, id, source.imageId, imageId))
    const ids = await beginSnapshots(cloud, imageId, wanted)
    const copies = new Map<string | undefined, string>()
    for (const [index, from] of sources.entries()) {
      const to = ids[index] ?? ''
      await copySnapshot(cloud, from, to, (wanted[index]?.volumeSize ?? 0) * 2 ** 30, stopping)
      copies.set(from, to)
    }
    const copied = mappings.map((mapping) => {
      const snapshotId = copies.get(mapping.snapshotId)
      return snapshotId === undefined ? mapping : { ...mapping, snapshotId }
    })
    await completeImage(cloud, imageId, copied)
  } catch (error) {
    if (stopping.aborted) return
    await failImage(cloud, imageId, error instanceof Error ? error.message : String(error))
    throw error
  }
}

function copyOf(cloud: Cloud, snapshotId: string, from: string, to: string): ImageSnapshot {
  const volumeSize = cloud.snapshots.get(snapshotId)?.volumeSize
  if (volumeSize === undefined) throw new Error(`the snapshot ${snapshotId} does not exist any more`)
  const description = `Copied for DestinationAmi ${to} from SourceAmi ${from} for SourceSnapshot ${snapshotId}.`
  return { volumeId: noVolume, volumeSize, description }
}

/** By way of a volume that no record knows: files are shared, not copied, and a start removes it should it be left over. */
async function copySnapshot({ storage, ids }: Cloud, from: string, to: string, bytes: number, signal: AbortSignal) {
  const volumeId = ids.resource('vol')
  try {
    await storage.createVolume({ id: volumeId, bytes, snapshotId: from })
    await storage.snapshotVolume({ volumeId, snapshotId: to, signal })
  } finally {
    await storage.deleteVolume(volumeId)
  }
}
