import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import type { SnapshotRecord } from './snapshot.ts'

const progress = ({ state }: SnapshotRecord) => (state === 'completed' ? '100%' : '0%')
const alias = (cloud: Cloud, { ownerId }: SnapshotRecord) => cloud.accounts.byId(ownerId)?.name

/** A snapshot as DescribeSnapshots and CreateSnapshot show it. */
export function snapshotView(cloud: Cloud, snapshot: SnapshotRecord): { [name: string]: Answer } {
  return {
    snapshotId: snapshot.id,
    volumeId: snapshot.volumeId,
    status: snapshot.state,
    startTime: snapshot.startedAt,
    progress: progress(snapshot),
    ownerId: snapshot.ownerId,
    volumeSize: snapshot.volumeSize,
    description: snapshot.description,
    ownerAlias: alias(cloud, snapshot),
    tagSet: [],
    encrypted: false,
  }
}

/** The filters of DescribeSnapshots. */
export const snapshotFilters = (cloud: Cloud): FilterTable<SnapshotRecord> => ({
  description: ({ description }) => [description],
  encrypted: () => [false],
  'owner-alias': (snapshot) => [alias(cloud, snapshot)],
  'owner-id': ({ ownerId }) => [ownerId],
  progress: (snapshot) => [progress(snapshot)],
  'snapshot-id': ({ id }) => [id],
  'start-time': ({ startedAt }) => [startedAt],
  status: ({ state }) => [state],
  'tag-key': () => [],
  'tag-value': () => [],
  'volume-id': ({ volumeId }) => [volumeId],
  'volume-size': ({ volumeSize }) => [volumeSize],
})
