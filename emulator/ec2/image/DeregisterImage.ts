import { text } from '../../../src/protocol/shape.ts'
import { move } from '../../state/life.ts'
import { fault } from '../faults.ts'
import { isImageId } from '../ids.ts'
import { operation } from '../operation.ts'
import { forgetDeregistered } from './forget-deregistered.ts'
import { findImage, imageLife, isShown, mayUse } from './image.ts'

/**
 * Once hides the image, twice deletes its record unless an instance still refers to it (eucalyptus-behaviour.md section
 * 2.5); in AWS it is gone at once. The bundle in Object Storage stays.
 */
export default operation('DeregisterImage', {
  input: { ImageId: text },
  async run(cloud, { ImageId }, { caller }) {
    if (!isImageId(ImageId)) throw fault('imageIdMalformed', ImageId)
    await cloud.store.change((draft) => {
      forgetDeregistered(cloud, draft)
      const images = cloud.images.in(draft)
      const image = findImage(images, ImageId)
      const mine = image && (image.ownerId === caller.accountId || caller.administrator)
      // Eucalyptus tells everybody of images that are there.
      const isHidden = image && !mine && cloud.settings.fidelity === 'aws' && !mayUse(image, caller)
      if (!image || isHidden) throw fault('imageNotFound', ImageId)
      if (!mine) throw fault('imageNotYours', ImageId)
      if (cloud.settings.fidelity === 'aws' && !isShown(image)) throw fault('imageUnavailable', ImageId)
      const state = move(imageLife, image.state, 'deregister')
      if (state === 'deregistered') {
        return images.put({ ...image, state, deregisteredAt: cloud.clock.now().toISOString() })
      }
      const used = cloud.instances.in(draft).list()
      if (used.some(({ imageId, state: s }) => imageId === image.id && s !== 'terminated')) {
        throw fault('imageUnavailable', ImageId)
      }
      images.remove(image.id)
    })
    return { return: true }
  },
})
