import { list, text } from '../../../src/protocol/shape.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { tagsOf } from '../tag/tags.ts'
import { findSnapshot, mayRestore, type SnapshotRecord } from './snapshot.ts'
import { snapshotFilters, snapshotView } from './snapshot-view.ts'

/** `all` asks for public snapshots, `self` and account numbers for those that the account may make volumes from. */
function isRestorableBy(snapshot: SnapshotRecord, by: string, self: string): boolean {
  if (by === 'all') return snapshot.public === true
  const account = by === 'self' ? self : by
  return snapshot.ownerId === account || snapshot.permissions?.includes(account) === true
}

/**
 * The caller's snapshots, those shared with its account and public ones (eucalyptus-behaviour.md section 7.2).
 * Administrators see every account's by id, and with the pseudo id `verbose`.
 */
export default operation('DescribeSnapshots', {
  input: {
    SnapshotId: list(text),
    Owner: list(text),
    RestorableBy: list(text),
    Filter: filters,
    ...paging,
  },
  async run(cloud, { SnapshotId, Owner, RestorableBy, Filter, ...asked }, { caller }) {
    const ids = SnapshotId.filter((id) => id !== 'verbose')
    const everybodys = caller.administrator && ids.length < SnapshotId.length
    const asks = { ...caller, administrator: everybodys }
    const snapshots = ids.length
      ? [...new Set(ids.map((id) => findSnapshot(cloud.snapshots, id, caller, 'restore')))]
      : cloud.snapshots.list().filter((snapshot) => mayRestore(snapshot, asks))
    const owners = Owner.map((owner) => (owner === 'self' ? caller.accountId : owner))
    const tags = tagsOf(cloud, caller)
    const matches = filtering(snapshotFilters(cloud), Filter, tags)
    const chosen = snapshots.filter(
      (snapshot) =>
        (!owners.length || owners.includes(snapshot.ownerId)) &&
        (!RestorableBy.length || RestorableBy.some((by) => isRestorableBy(snapshot, by, caller.accountId))) &&
        matches(snapshot),
    )
    const { entries, nextToken } = page(cloud, chosen, asked, { key: ({ id }) => id, named: ids.length > 0 })
    return { snapshotSet: entries.map((snapshot) => snapshotView(cloud, snapshot, tags)), nextToken }
  },
})
