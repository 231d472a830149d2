import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, integer, optional, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findSnapshot } from '../snapshot/snapshot.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { tagsOf } from '../tag/tags.ts'
import { checkVolumeSizes } from './limits.ts'
import type { VolumeRecord } from './volume.ts'
import { volumeView } from './volume-view.ts'

const input = {
  AvailabilityZone: text,
  Size: optional(integer),
  SnapshotId: optional(text),
  VolumeType: optional(text),
  Iops: optional(integer),
  Encrypted: optional(flag),
  KmsKeyId: optional(text),
  ClientToken: optional(text),
  TagSpecification: tagSpecifications,
}
type Input = Values<typeof input>

/**
 * Makes a volume, empty or from a snapshot (eucalyptus-behaviour.md section 7.2). Type, IOPS and encryption are accepted
 * and have no effect, as there. A client token that was used before answers with the volume that it made.
 */
export default operation('CreateVolume', {
  input,
  async run(cloud, request, { caller }) {
    const made = await cloud.store.change((draft) => {
      const { ClientToken } = request
      const earlier =
        ClientToken === undefined
          ? undefined
          : cloud.volumes
              .in(draft)
              .list()
              .find(({ clientToken, ownerId }) => clientToken === ClientToken && ownerId === caller.accountId)
      return earlier
        ? { volume: earlier, fresh: false }
        : { volume: create(cloud, draft, request, caller), fresh: true }
    })
    if (made.fresh) cloud.disks.create(made.volume.id)
    return volumeView(cloud, made.volume, tagsOf(cloud, caller))
  },
})

function create(cloud: Cloud, draft: Draft, request: Input, caller: Caller): VolumeRecord {
  const { AvailabilityZone, Size, SnapshotId, VolumeType, ClientToken } = request
  if (AvailabilityZone !== cloud.settings.zone) throw fault('volumeZoneNotFound', AvailabilityZone)
  if (Size === undefined && SnapshotId === undefined) throw fault('volumeSizeMissing')
  if (Size !== undefined && Size <= 0) throw fault('volumeSizeInvalid', String(Size))
  const tags = specifiedTags(cloud, request.TagSpecification, ['volume'], 'both')
  const snapshot =
    SnapshotId === undefined ? undefined : findSnapshot(cloud.snapshots.in(draft), SnapshotId, caller, 'restore')
  if (snapshot && snapshot.state !== 'completed') throw fault('snapshotUnfinished', snapshot.id)
  const size = Size ?? snapshot?.volumeSize ?? 0
  if (snapshot && size < snapshot.volumeSize) throw fault('volumeSmallerThanSnapshot')
  checkVolumeSizes(cloud, draft, [size])
  const volume: VolumeRecord = {
    id: cloud.ids.resource('vol'),
    ownerId: caller.accountId,
    state: 'creating',
    size,
    ...(snapshot && { snapshotId: snapshot.id }),
    zone: AvailabilityZone,
    createdAt: cloud.clock.now().toISOString(),
    ...(VolumeType !== undefined && { type: VolumeType }),
    ...(ClientToken !== undefined && { clientToken: ClientToken }),
    made: false,
  }
  cloud.volumes.in(draft).put(volume)
  putTags(cloud, draft, caller, { id: volume.id, type: 'volume' }, tags.volume)
  return volume
}
