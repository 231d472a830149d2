import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { snapshotsOf } from '../image/image.ts'
import { operation } from '../operation.ts'
import { findSnapshot } from './snapshot.ts'

/**
 * Deletes a snapshot that no image maps which is available, or will be; volumes made from it stay usable. One that is pending stays, which
 * Eucalyptus says with `false` (eucalyptus-behaviour.md section 7.2).
 */
export default operation('DeleteSnapshot', {
  input: { SnapshotId: text },
  async run(cloud, { SnapshotId }, { caller }) {
    const gone = await cloud.store.change((draft) => {
      const snapshots = cloud.snapshots.in(draft)
      const { id, state } = findSnapshot(snapshots, SnapshotId, caller)
      const images = cloud.images.in(draft).list()
      const user = images.find(
        (image) => ['pending', 'available'].includes(image.state) && snapshotsOf(image).includes(id),
      )
      if (user) throw fault('snapshotInUse', id, user.id)
      if (state === 'pending') {
        if (cloud.settings.fidelity === 'aws') throw fault('snapshotUnfinished', id)
        return undefined
      }
      snapshots.remove(id)
      return id
    })
    if (gone !== undefined) cloud.disks.removeSnapshot(gone)
    return { return: gone !== undefined }
  },
})
