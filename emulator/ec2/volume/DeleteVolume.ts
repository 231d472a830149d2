import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findVolume, moveVolume } from './volume.ts'

/**
 * Deletes a volume that no instance has, a stopped one included; its snapshots stay. In Eucalyptus it is shown as deleted
 * for an hour, unless it is deleted once more (eucalyptus-behaviour.md section 7.2).
 */
export default operation('DeleteVolume', {
  input: { VolumeId: text },
  async run(cloud, { VolumeId }, { caller }) {
    const volume = await cloud.store.change((draft) => {
      const volumes = cloud.volumes.in(draft)
      const wanted = findVolume(cloud, volumes, VolumeId, caller)
      if (wanted.attachment) throw fault('volumeInUse', wanted.id, wanted.attachment.instanceId)
      // Asked again, it is still going.
      if (wanted.state === 'deleting') return wanted
      const moved = wanted.state === 'deleted' ? wanted : moveVolume(cloud, draft, wanted, 'delete')
      if (moved.state === 'deleted') volumes.remove(moved.id)
      return moved
    })
    if (volume.state === 'deleting') cloud.disks.remove(volume.id)
    return { return: true }
  },
})
