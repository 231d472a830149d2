import type { Cloud } from '../cloud.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
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
