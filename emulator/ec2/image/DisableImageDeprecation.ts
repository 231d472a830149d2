import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedImage } from './owned-image.ts'

/** Takes back that an image is deprecated, or will be. To Eucalyptus it is no action at all. */
export default operation('DisableImageDeprecation', {
  input: { ImageId: text },
  async run(cloud, { ImageId }, { caller }) {
    if (cloud.settings.fidelity === 'eucalyptus') throw fault('unknownAction', 'DisableImageDeprecation')
    await cloud.store.change((draft) => {
      const images = cloud.images.in(draft)
      const { deprecatedAt: _, ...image } = ownedImage(cloud, images, ImageId, caller, 'modify')
      images.put(image)
    })
    return { return: true }
  },
})
