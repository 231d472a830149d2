import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'

/** How long Eucalyptus leaves a deregistered image before it looks whether anything uses it, in ms (cloud.images.cleanup_period). */
const cleanupPeriod = 10 * 60_000

/**
 * Removes, within a change, the records of images that were deregistered a while ago and that no instance refers to, as
 * Eucalyptus does in the background (eucalyptus-behaviour.md section 2.5). AWS goes on calling them unavailable.
 */
export function forgetDeregistered(cloud: Cloud, draft: Draft): void {
  if (cloud.settings.fidelity === 'aws') return
  const images = cloud.images.in(draft)
  const oldest = cloud.clock.now().getTime() - cleanupPeriod
  const old = images.list().filter(({ deregisteredAt }) => Date.parse(deregisteredAt ?? '') <= oldest)
  if (!old.length) return
  const live = cloud.instances
    .in(draft)
    .list()
    .filter(({ state }) => state !== 'terminated')
  const used = new Set(live.flatMap(({ imageId, kernelId, ramdiskId }) => [imageId, kernelId, ramdiskId]))
  for (const { id } of old) if (!used.has(id)) images.remove(id)
}
