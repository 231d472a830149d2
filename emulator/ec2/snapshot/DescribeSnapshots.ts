import { integer, list, optional, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { findSnapshot } from './snapshot.ts'
import { snapshotFilters, snapshotView } from './snapshot-view.ts'

/**
 * The caller's snapshots; none is shared yet, so nobody else may restore them. Administrators see every account's by id,
 * and with the pseudo id `verbose`.
 */
export default operation('DescribeSnapshots', {
  input: {
    SnapshotId: list(text),
    Owner: list(text),
    RestorableBy: list(text),
    Filter: filters,
    MaxResults: optional(integer),
    NextToken: optional(text),
  },
  async run(cloud, { SnapshotId, Owner, RestorableBy, Filter }, { caller }) {
    const ids = SnapshotId.filter((id) => id !== 'verbose')
    const everybodys = caller.administrator && ids.length < SnapshotId.length
    const snapshots = ids.length
      ? [...new Set(ids.map((id) => findSnapshot(cloud.snapshots, id, caller)))]
      : cloud.snapshots.list().filter(({ ownerId }) => everybodys || ownerId === caller.accountId)
    const account = (name: string) => (name === 'self' ? caller.accountId : name)
    const matches = filtering(snapshotFilters(cloud), Filter)
    const among = (names: readonly string[], ownerId: string) => !names.length || names.map(account).includes(ownerId)
    const chosen = snapshots.filter(
      (snapshot) => among(Owner, snapshot.ownerId) && among(RestorableBy, snapshot.ownerId) && matches(snapshot),
    )
    return { snapshotSet: chosen.map((snapshot) => snapshotView(cloud, snapshot)) }
  },
})
