import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { tagsOf } from '../tag/tags.ts'
import { findVolume } from '../volume/volume.ts'
import type { SnapshotRecord } from './snapshot.ts'
import { snapshotView } from './snapshot-view.ts'

/**
 * Copies a volume as it is at one instant, in use or not (eucalyptus-behaviour.md section 7.2). Only of the caller's own
 * account, also for administrators.
 */
export default operation('CreateSnapshot', {
  input: { VolumeId: text, Description: optional(text), TagSpecification: tagSpecifications },
  async run(cloud, { VolumeId, Description, TagSpecification }, { caller }) {
    const specified = specifiedTags(cloud, TagSpecification, ['snapshot'])
    const snapshot = await cloud.store.change((draft) => {
      const volume = findVolume(cloud, cloud.volumes.in(draft), VolumeId, { ...caller, administrator: false })
      if (volume.state !== 'available' && volume.state !== 'in-use') throw fault('volumeNotReady', volume.id)
      const made: SnapshotRecord = {
        id: cloud.ids.resource('snap'),
        ownerId: caller.accountId,
        state: 'pending',
        volumeId: volume.id,
        volumeSize: volume.size,
        startedAt: cloud.clock.now().toISOString(),
        ...(Description !== undefined && { description: Description }),
      }
      cloud.snapshots.in(draft).put(made)
      putTags(cloud, draft, caller, { id: made.id, type: 'snapshot' }, specified.snapshot)
      return made
    })
    cloud.disks.snapshot(snapshot.id)
    return snapshotView(cloud, snapshot, tagsOf(cloud, caller))
  },
})
