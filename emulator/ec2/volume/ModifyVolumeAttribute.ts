import { flag, optional, struct, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findVolume } from './volume.ts'

/**
 * Says whether a volume's I/O is to be enabled again by itself after doubts about its data, which never come up here.
 * Eucalyptus answers every request with success and remembers nothing (VolumeManager.modifyVolumeAttribute).
 */
export default operation('ModifyVolumeAttribute', {
  input: { VolumeId: text, AutoEnableIO: optional(struct({ Value: optional(flag) })) },
  async run(cloud, { VolumeId, AutoEnableIO }, { caller }) {
    if (cloud.settings.fidelity === 'eucalyptus') return { return: true }
    const autoEnableIO = AutoEnableIO?.Value
    if (autoEnableIO === undefined) throw fault('volumeAttributeMissing')
    await cloud.store.change((draft) => {
      const volumes = cloud.volumes.in(draft)
      volumes.put({ ...findVolume(cloud, volumes, VolumeId, caller), autoEnableIO })
    })
    return { return: true }
  },
})
