import { text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { findImage } from '../image/image.ts'
import { operation } from '../operation.ts'
import type { InstanceRecord } from './instance.ts'
import { ownedInstance } from './owned.ts'

/** The kernel or the ramdisk of the image again. Eucalyptus resets them to what they are. */
function withImages(cloud: Cloud, instance: InstanceRecord, field: 'kernelId' | 'ramdiskId'): InstanceRecord {
  if (cloud.settings.fidelity === 'eucalyptus') return instance
  const { [field]: _, ...rest } = instance
  const id = findImage(cloud.images, instance.imageId)?.[field]
  return id === undefined ? rest : { ...rest, [field]: id }
}

/**
 * Gives an attribute its default again. Eucalyptus also resets the termination protection, and of a stopped instance
 * anything else without effect (VmControl.resetInstanceAttribute).
 */
export default operation('ResetInstanceAttribute', {
  input: { InstanceId: text, Attribute: text },
  async run(cloud, { InstanceId, Attribute }, { caller }) {
    const { id } = ownedInstance(cloud, InstanceId, caller)
    const eucalyptus = cloud.settings.fidelity === 'eucalyptus'
    await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const instance = instances.get(id)
      if (!instance) throw fault('instanceNotFound', id)
      if (Attribute === 'sourceDestCheck') return
      if (eucalyptus && Attribute === 'disableApiTermination') {
        instances.put({ ...instance, disableApiTermination: false })
        return
      }
      const field = { kernel: 'kernelId', ramdisk: 'ramdiskId' } as const
      const isKnown = Attribute === 'kernel' || Attribute === 'ramdisk'
      if (!isKnown && !eucalyptus) throw fault('attributeUnknown', Attribute, id)
      if (instance.state !== 'stopped') throw fault('resetNotStopped', id)
      if (isKnown) instances.put(withImages(cloud, instance, field[Attribute]))
    })
    return { return: true }
  },
})
