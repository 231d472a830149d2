import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags } from '../tag/tag-specification.ts'
import { bootMode, checkBootMode } from './boot-mode.ts'
import { forgetDeregistered } from './forget-deregistered.ts'
import { fromManifest } from './from-manifest.ts'
import { fromSnapshot } from './from-snapshot.ts'
import type { ImageRecord } from './image.ts'
import { demandFreeName, imageName, newImageId } from './naming.ts'
import { type Described, registration } from './registration.ts'

/**
 * Registers an instance-store image from its manifest, or an EBS image from the snapshot of its root, by the decision
 * table of eucalyptus-behaviour.md section 2.2.
 */
export default operation('RegisterImage', {
  input: registration,
  async run(cloud, request, { caller }) {
    // AWS takes an image of Windows for one by what it is made of.
    if (cloud.settings.fidelity === 'aws' && request.Platform !== undefined) throw fault('unknownParameter', 'Platform')
    const name = imageName(cloud, request.Name, request.Description)
    const mode = bootMode(cloud, request.BootMode)
    const tags = specifiedTags(cloud, request.TagSpecification, ['image']).image
    const virtualization = (request.VirtualizationType ?? 'paravirtual').toLowerCase()
    if (virtualization !== 'hvm' && virtualization !== 'paravirtual') {
      throw fault('virtualizationUnknown', virtualization)
    }
    // A location wins, whatever the mappings say.
    const location = request.ImageLocation?.replace(/^\//, '')
    const manifest = location ? await fromManifest(cloud, request, location, virtualization, caller) : undefined
    const image = await cloud.store.change((draft) => {
      forgetDeregistered(cloud, draft)
      const described = manifest ?? fromSnapshot(cloud, draft, request, name, caller)
      checkBootMode(mode, described)
      const kept = keep(cloud, draft, name, { ...described, ...(mode && { bootMode: mode }) }, caller)
      putTags(cloud, draft, caller, { id: kept.id, type: 'image' }, tags)
      return kept
    })
    return { imageId: image.id }
  },
})

/** Keeps an image under a name that is free, within a change. */
function keep(cloud: Cloud, draft: Draft, name: string, described: Described, caller: Caller): ImageRecord {
  demandFreeName(cloud, draft, name, caller)
  const image: ImageRecord = {
    id: newImageId(cloud, described.kind),
    ownerId: caller.accountId,
    state: 'available',
    name,
    createdAt: cloud.clock.now().toISOString(),
    // cloud.images.default_visibility is false: kernels and ramdisks, too, have to be shared to be used by others.
    public: false,
    ...described,
  }
  cloud.images.in(draft).put(image)
  return image
}
