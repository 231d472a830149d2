import type { Caller } from '../../../src/protocol/operation.ts'
import type { Life } from '../../state/life.ts'
import type { Table } from '../../state/table.ts'
import { fault } from '../faults.ts'

export type SnapshotState = 'pending' | 'completed' | 'failed'
export type SnapshotEvent = 'stored' | 'broke'

/** eucalyptus-behaviour.md section 7.1; a deleted snapshot's record goes at once. */
export const snapshotLife: Life<SnapshotState, SnapshotEvent> = {
  pending: { on: { stored: 'completed', broke: 'failed' } },
  completed: { on: {} },
  failed: { on: {} },
}

/** A volume as it was at one instant; immutable. */
export interface SnapshotRecord {
  readonly id: string
  readonly ownerId: string
  readonly state: SnapshotState
  readonly volumeId: string
  /** GiB of the volume. */
  readonly volumeSize: number
  readonly startedAt: string
  readonly description?: string
  /** Why it failed. */
  readonly failure?: string
  /** Anybody may make volumes from it. */
  readonly public?: boolean
  /** Accounts that may make volumes from it, beside its owner's. */
  readonly permissions?: readonly string[]
  readonly productCodes?: readonly string[]
}

/** Whether the caller may see a snapshot and make volumes from it: one's own, a shared or a public one, or as administrator. */
export const mayRestore = (
  { ownerId, public: isPublic, permissions }: SnapshotRecord,
  { accountId, administrator }: Caller,
): boolean => ownerId === accountId || administrator || isPublic === true || permissions?.includes(accountId) === true

const syntax = /^snap-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

/** Whether a snapshot is the caller's to change and to delete. */
const isCallers = ({ ownerId }: SnapshotRecord, { accountId, administrator }: Caller) =>
  ownerId === accountId || administrator

/**
 * The snapshot of that id, of the caller's account or for an administrator of any; `to` restore it may also be one that is
 * shared. Throws the faults for what is no snapshot id or no snapshot of theirs.
 */
export function findSnapshot(
  snapshots: Pick<Table<SnapshotRecord>, 'get'>,
  id: string,
  caller: Caller,
  to: 'own' | 'restore' = 'own',
): SnapshotRecord {
  const lower = id.toLowerCase()
  if (!syntax.test(lower)) throw fault('snapshotIdMalformed', id)
  const snapshot = snapshots.get(lower)
  if (!snapshot || !(to === 'own' ? isCallers : mayRestore)(snapshot, caller)) throw fault('snapshotNotFound', id)
  return snapshot
}
