import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findSnapshot } from './snapshot.ts'

/** Takes back all permissions to make volumes from a snapshot (SnapshotManager.resetSnapshotAttribute). */
export default operation('ResetSnapshotAttribute', {
  input: { SnapshotId: text, Attribute: optional(text) },
  async run(cloud, { SnapshotId, Attribute }, { caller }) {
    if (Attribute === undefined) throw fault('snapshotAttributeMissing')
    if (Attribute !== 'createVolumePermission') throw fault('snapshotAttributeUnknown', Attribute)
    const isDone = await cloud.store.change((draft) => {
      const snapshots = cloud.snapshots.in(draft)
      const snapshot = findSnapshot(snapshots, SnapshotId, caller)
      if (snapshot.state === 'failed') return false
      snapshots.put({ ...snapshot, public: false, permissions: [] })
      return true
    })
    if (cloud.settings.fidelity === 'aws' && !isDone) throw fault('snapshotUnfinished', SnapshotId)
    return { return: isDone }
  },
})
