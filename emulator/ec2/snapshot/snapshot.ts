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
}

const syntax = /^snap-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

/**
 * The snapshot of that id, of the caller's account or for an administrator of any. Throws the faults for what is no
 * snapshot id or no snapshot of theirs.
 */
export function findSnapshot(
  snapshots: Pick<Table<SnapshotRecord>, 'get'>,
  id: string,
  caller: Caller,
): SnapshotRecord {
  const lower = id.toLowerCase()
  if (!syntax.test(lower)) throw fault('snapshotIdMalformed', id)
  const snapshot = snapshots.get(lower)
  if (!snapshot || !(snapshot.ownerId === caller.accountId || caller.administrator)) {
    throw fault('snapshotNotFound', id)
  }
  return snapshot
}
