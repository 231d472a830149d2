import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedImage } from './owned-image.ts'

/** How far ahead an image can be said to be deprecated: ten years (EC2 API reference). */
const furthest = 10 * 366 * 24 * 60 * 60_000

/**
 * From the given time on only its owner sees an image listed, and those who ask for deprecated ones; it can still be run. To
 * Eucalyptus it is no action at all.
 */
export default operation('EnableImageDeprecation', {
  input: { ImageId: text, DeprecateAt: text },
  async run(cloud, { ImageId, DeprecateAt }, { caller }) {
    if (cloud.settings.fidelity === 'eucalyptus') throw fault('unknownAction', 'EnableImageDeprecation')
    const [at, now] = [Date.parse(DeprecateAt), cloud.clock.now().getTime()]
    const isInReach = at > now && at - now <= furthest
    if (!/^\d{4}-\d\d-\d\dT/.test(DeprecateAt) || !isInReach) {
      throw fault('invalidParameterValue', DeprecateAt, 'DeprecateAt')
    }
    // Seconds do not count.
    const deprecatedAt = new Date(Math.floor(at / 60_000) * 60_000).toISOString()
    await cloud.store.change((draft) => {
      const images = cloud.images.in(draft)
      images.put({ ...ownedImage(cloud, images, ImageId, caller, 'modify'), deprecatedAt })
    })
    return { return: true }
  },
})
