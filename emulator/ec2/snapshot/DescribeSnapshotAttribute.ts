import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { permissionView } from '../sharing.ts'
import { findSnapshot } from './snapshot.ts'

/**
 * Who may make volumes from a snapshot, or its product codes, for its owner. Eucalyptus answers both, whatever is asked for
 * (ComputeService.describeSnapshotAttribute).
 */
export default operation('DescribeSnapshotAttribute', {
  input: { SnapshotId: text, Attribute: optional(text) },
  async run(cloud, { SnapshotId, Attribute }, { caller }) {
    const snapshot = findSnapshot(cloud.snapshots, SnapshotId, caller)
    const { id: snapshotId, permissions = [], productCodes = [], public: isPublic = false } = snapshot
    const attributes = {
      createVolumePermission: permissionView({ public: isPublic, permissions }),
      productCodes: productCodes.map((productCode) => ({ productCode })),
    }
    if (cloud.settings.fidelity === 'eucalyptus') return { snapshotId, ...attributes }
    if (Attribute === undefined) throw fault('snapshotAttributeMissing')
    if (Attribute !== 'createVolumePermission' && Attribute !== 'productCodes') {
      throw fault('snapshotAttributeUnknown', Attribute)
    }
    return { snapshotId, [Attribute]: attributes[Attribute] }
  },
})
