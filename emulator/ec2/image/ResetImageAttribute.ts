import { Fault } from '../../../src/protocol/faults.ts'
import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedImage } from './owned-image.ts'

/**
 * Takes back all launch permissions. Eucalyptus leaves the owner's in the list, has nothing else to reset whatever is named,
 * and answers `false` for any refusal (eucalyptus-behaviour.md section 2.4).
 */
export default operation('ResetImageAttribute', {
  input: { ImageId: text, Attribute: optional(text) },
  async run(cloud, { ImageId, Attribute }, { caller }) {
    const aws = cloud.settings.fidelity === 'aws'
    if (aws && Attribute === undefined) throw fault('missingParameter', 'attribute')
    if (aws && Attribute !== 'launchPermission') throw fault('imageAttributeUnknown', Attribute ?? '')
    try {
      await cloud.store.change((draft) => {
        const images = cloud.images.in(draft)
        const image = ownedImage(cloud, images, ImageId, caller, 'modify')
        images.put({ ...image, public: false, permissions: aws ? [] : [image.ownerId] })
      })
      return { return: true }
    } catch (error) {
      if (aws || !(error instanceof Fault)) throw error
      return { return: false }
    }
  },
})
