import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { fromManifest } from './from-manifest.ts'
import { fromSnapshot } from './from-snapshot.ts'
import type { ImageRecord } from './image.ts'
import { type Described, registration } from './registration.ts'

/**
 * Registers an instance-store image from its manifest, or an EBS image from the snapshot of its root, by the decision
 * table of eucalyptus-behaviour.md section 2.2.
 */
export default operation('RegisterImage', {
  input: registration,
  async run(cloud, request, { caller }) {
    const name = request.Name
    if (name === undefined || !/^[A-Za-z0-9()./_-]{3,128}$/.test(name)) throw fault('imageNameMalformed')
    if ((request.Description?.length ?? 0) > 255) throw fault('descriptionTooLong')
    const virtualization = (request.VirtualizationType ?? 'paravirtual').toLowerCase()
    if (virtualization !== 'hvm' && virtualization !== 'paravirtual') {
      throw fault('virtualizationUnknown', virtualization)
    }
    // A location wins, whatever the mappings say.
    const location = request.ImageLocation?.replace(/^\//, '')
    const manifest = location ? await fromManifest(cloud, request, location, virtualization, caller) : undefined
    const image = await cloud.store.change((draft) =>
      keep(cloud, draft, name, manifest ?? fromSnapshot(cloud, draft, request, name, caller), caller),
    )
    return { imageId: image.id }
  },
})

/** Names are unique among an account's available images. */
function keep(cloud: Cloud, draft: Draft, name: string, described: Described, caller: Caller): ImageRecord {
  const images = cloud.images.in(draft)
  const taken = images
    .list()
    .find((image) => image.ownerId === caller.accountId && image.name === name && image.state === 'available')
  if (taken) throw fault('imageNameDuplicate', name, taken.id)
  const letter = { machine: 'm', kernel: 'k', ramdisk: 'r' }[described.kind]
  const image: ImageRecord = {
    id: cloud.ids.resource(`${cloud.settings.fidelity === 'aws' ? 'a' : 'e'}${letter}i`),
    ownerId: caller.accountId,
    state: 'available',
    name,
    createdAt: cloud.clock.now().toISOString(),
    // cloud.images.default_visibility is false: kernels and ramdisks, too, have to be shared to be used by others.
    public: false,
    ...described,
  }
  images.put(image)
  return image
}
