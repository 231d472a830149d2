import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { shown } from '../../state/life.ts'
import type { FilterTable } from '../filters.ts'
import type { TagsOf } from '../tag/tags.ts'
import { type Attachment, type VolumeRecord, volumeLife } from './volume.ts'

/** In Eucalyptus each volume is `standard`, whatever was asked for (eucalyptus-behaviour.md section 7.1). */
const typeOf = (cloud: Cloud, { type }: VolumeRecord) =>
  cloud.settings.fidelity === 'aws' ? (type ?? 'gp2') : 'standard'

/** A guest that does not let go: AWS says `busy`. */
const statusOf = (cloud: Cloud, { state }: Attachment) =>
  state === 'detaching_failed' && cloud.settings.fidelity === 'aws' ? 'busy' : state

/** An attachment as clients see it, in a volume and as the answer to AttachVolume and DetachVolume. */
export function attachmentView(cloud: Cloud, id: string, attachment: Attachment): { [name: string]: Answer } {
  return {
    volumeId: id,
    instanceId: attachment.instanceId,
    device: attachment.device,
    status: statusOf(cloud, attachment),
    attachTime: attachment.attachedAt,
    deleteOnTermination: cloud.settings.fidelity === 'aws' ? attachment.deleteOnTermination : undefined,
  }
}

/** A volume as DescribeVolumes shows it. */
export function volumeView(cloud: Cloud, volume: VolumeRecord, tags: TagsOf): { [name: string]: Answer } {
  const { id, attachment } = volume
  return {
    volumeId: id,
    size: volume.size,
    snapshotId: volume.snapshotId ?? '',
    availabilityZone: volume.zone,
    status: shown(volumeLife, volume.state),
    createTime: volume.createdAt,
    attachmentSet: attachment ? [attachmentView(cloud, id, attachment)] : [],
    tagSet: tags(volume),
    volumeType: typeOf(cloud, volume),
    encrypted: false,
  }
}

/** The filters of DescribeVolumes. */
export const volumeFilters = (cloud: Cloud): FilterTable<VolumeRecord> => {
  const ofAttachment =
    (read: (attachment: Attachment) => string | boolean) =>
    ({ attachment }: VolumeRecord) =>
      attachment ? [read(attachment)] : []
  return {
    'attachment.attach-time': ofAttachment(({ attachedAt }) => attachedAt),
    'attachment.delete-on-termination': ofAttachment(({ deleteOnTermination }) => deleteOnTermination),
    'attachment.device': ofAttachment(({ device }) => device),
    'attachment.instance-id': ofAttachment(({ instanceId }) => instanceId),
    'attachment.status': ofAttachment((attachment) => statusOf(cloud, attachment)),
    'availability-zone': ({ zone }) => [zone],
    'create-time': ({ createdAt }) => [createdAt],
    encrypted: () => [false],
    size: ({ size }) => [size],
    'snapshot-id': ({ snapshotId }) => [snapshotId],
    status: ({ state }) => [shown(volumeLife, state)],
    'volume-id': ({ id }) => [id],
    'volume-type': (volume) => [typeOf(cloud, volume)],
  }
}
