import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { moveVolume, type VolumeRecord } from '../volume/volume.ts'
import { volumesOf } from './instance-view.ts'

/**
 * Takes all volumes off an instance that is over, within a change: those that are to end with it are deleting then, the
 * others available (eucalyptus-behaviour.md section 5.4). Those of a launch that failed go, as nobody has used them.
 * Returns the ids of the deleting ones, whose disks the caller has removed once the change is made.
 */
export function releaseVolumes(cloud: Cloud, draft: Draft, instanceId: string): string[] {
  const attached = volumesOf(cloud.volumes.in(draft).list(), instanceId)
  const failed = cloud.instances.in(draft).get(instanceId)?.ending?.kind === 'failed'
  const unused = ({ attachment }: VolumeRecord) =>
    attachment?.atLaunch !== undefined && attachment.state === 'attaching'
  // One whose disk was never made has nothing to keep.
  const ends = (one: VolumeRecord) => !one.made || (failed && unused(one)) || one.attachment?.deleteOnTermination
  const moved = attached.map((volume) => moveVolume(cloud, draft, volume, ends(volume) ? 'delete' : 'detach'))
  return moved.flatMap(({ id, state }) => (state === 'deleting' ? [id] : []))
}
