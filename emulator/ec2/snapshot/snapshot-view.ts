import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import type { TagsOf } from '../tag/tags.ts'
import type { SnapshotRecord } from './snapshot.ts'

const progress = ({ state }: SnapshotRecord) => (state === 'completed' ? '100%' : '0%')
const alias = (cloud: Cloud, { ownerId }: SnapshotRecord) => cloud.accounts.byId(ownerId)?.name

const isAws = ({ settings }: Cloud) => settings.fidelity === 'aws'
const shownState = (cloud: Cloud, { state }: SnapshotRecord) => (state === 'failed' && isAws(cloud) ? 'error' : state)

/** A snapshot as DescribeSnapshots and CreateSnapshot show it. */
export function snapshotView(cloud: Cloud, snapshot: SnapshotRecord, tags: TagsOf): { [name: string]: Answer } {
  return {
    snapshotId: snapshot.id,
    volumeId: snapshot.volumeId,
    status: shownState(cloud, snapshot),
    statusMessage: isAws(cloud) ? snapshot.failure : undefined,
    startTime: snapshot.startedAt,
    progress: progress(snapshot),
    ownerId: snapshot.ownerId,
    volumeSize: snapshot.volumeSize,
    description: snapshot.description,
    // AWS has aliases for its own accounts alone.
    ownerAlias: isAws(cloud) ? undefined : alias(cloud, snapshot),
    tagSet: tags(snapshot),
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
  status: (snapshot) => [shownState(cloud, snapshot)],
  'volume-id': ({ volumeId }) => [volumeId],
  'volume-size': ({ volumeSize }) => [volumeSize],
})
