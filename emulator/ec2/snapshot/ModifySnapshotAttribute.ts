import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { isEmpty, namedChange, namedSharing, permissionChanges, share } from '../sharing.ts'
import { findSnapshot } from './snapshot.ts'

/**
 * Shares a snapshot or stops to: what a request adds and what it removes both count (eucalyptus-behaviour.md section 7.2).
 * Eucalyptus keeps product codes, too, and answers `false` for a snapshot that has failed.
 */
export default operation('ModifySnapshotAttribute', {
  input: { SnapshotId: text, CreateVolumePermission: permissionChanges, ProductCode: list(text), ...namedChange },
  async run(cloud, { SnapshotId, CreateVolumePermission: { Add, Remove }, ProductCode, ...named }, { caller }) {
    const aws = cloud.settings.fidelity === 'aws'
    const { Attribute } = named
    const given = { add: Add, remove: Remove }
    const sharing = isEmpty(given) && Attribute === 'createVolumePermission' ? namedSharing(named) : given
    if (aws && Attribute !== undefined && Attribute !== 'createVolumePermission') {
      throw fault('snapshotAttributeUnknown', Attribute)
    }
    if (aws && isEmpty(sharing)) throw fault('missingParameter', 'createVolumePermission')
    const isDone = await cloud.store.change((draft) => {
      const snapshots = cloud.snapshots.in(draft)
      const snapshot = findSnapshot(snapshots, SnapshotId, caller)
      if (snapshot.state === 'failed') return false
      const { public: isPublic = false, permissions = [], productCodes = [] } = snapshot
      const codes = isEmpty(sharing) ? ProductCode : []
      snapshots.put({
        ...snapshot,
        ...share(cloud, { public: isPublic, permissions }, sharing),
        ...(codes.length && { productCodes: [...new Set([...productCodes, ...codes])] }),
      })
      return true
    })
    if (aws && !isDone) throw fault('snapshotUnfinished', SnapshotId)
    return { return: isDone }
  },
})
