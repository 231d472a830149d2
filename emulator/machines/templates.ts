import type { Cloud } from '../cloud.ts'

/**
 * Removes the unpacked images that nothing needs any more: no image can be launched from them, and no instance that has
 * not ended rests on them or is about to.
 */
export async function sweepTemplates(cloud: Cloud): Promise<void> {
  const live = cloud.instances.list().filter(({ state }) => state !== 'terminated')
  const files = new Set(live.flatMap(({ templates }) => Object.values(templates ?? {})))
  const ids = new Set(live.flatMap(({ imageId, kernelId, ramdiskId }) => [imageId, kernelId, ramdiskId]))
  const images = cloud.images.list().filter(({ id, state }) => state === 'available' || ids.has(id))
  const manifests = new Set(images.map(({ manifestSha256 }) => manifestSha256))
  await cloud.imaging.sweep(({ name, manifestSha256 }) => files.has(name) || manifests.has(manifestSha256))
}
