import type { Cloud } from '../cloud.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { moveVolume } from '../ec2/volume/volume.ts'
import type { Draft } from '../state/store.ts'

/** Notes, within a change, that what was to come to an instance with its machine's start, or without one, is there. */
export function settleAttachments(cloud: Cloud, draft: Draft, instanceId: string): void {
  const volumes = cloud.volumes.in(draft)
  for (const volume of volumesOf(volumes.list(), instanceId)) {
    const { attachment } = volume
    if (attachment?.state === 'attaching') {
      volumes.put({ ...volume, attachment: { ...attachment, state: 'attached' } })
    }
  }
}

/** Notes, within a change, that what was to be taken out of a machine is out, as the machine is no more. */
export function settleDetaching(cloud: Cloud, draft: Draft, instanceId: string): void {
  for (const volume of volumesOf(cloud.volumes.in(draft).list(), instanceId)) {
    if (volume.attachment?.state === 'detaching') moveVolume(cloud, draft, volume, 'detach')
  }
}
