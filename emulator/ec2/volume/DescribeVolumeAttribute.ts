import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findVolume, volumeId } from './volume.ts'

/**
 * One attribute of a volume. Eucalyptus does not look for the volume, never enables its I/O by itself, and answers product
 * codes for any other attribute (ComputeService.describeVolumeAttribute).
 */
export default operation('DescribeVolumeAttribute', {
  input: { VolumeId: text, Attribute: optional(text) },
  async run(cloud, { VolumeId, Attribute }, { caller }) {
    const aws = cloud.settings.fidelity === 'aws'
    if (Attribute === undefined) throw fault('volumeAttributeMissing')
    if (aws && Attribute !== 'autoEnableIO' && Attribute !== 'productCodes') {
      throw fault('volumeAttributeUnknown', Attribute)
    }
    const volume = aws ? findVolume(cloud, cloud.volumes, VolumeId, caller) : undefined
    const attribute =
      Attribute === 'autoEnableIO' ? { autoEnableIO: { value: volume?.autoEnableIO ?? false } } : { productCodes: [] }
    return { volumeId: volume?.id ?? volumeId(VolumeId), ...attribute }
  },
})
