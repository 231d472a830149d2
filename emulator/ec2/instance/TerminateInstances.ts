import { list, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { dropAssociation } from '../address/address.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { type InstanceRecord, moveInstance, stateView } from './instance.ts'
import { ownedInstances } from './owned.ts'
import { releaseVolumes } from './release-volumes.ts'

/**
 * Ends instances; the disks of instance-store instances go with them. One that is stopped has no machine left to end and
 * is terminated at once. One that is protected fails the whole batch. In Eucalyptus, terminating a terminated instance
 * takes it out of the answers (eucalyptus-behaviour.md section 5.1).
 */
export default operation('TerminateInstances', {
  input: { InstanceId: list(text) },
  async run(cloud, { InstanceId }, { caller }) {
    if (!InstanceId.length) throw fault('missingParameter', 'InstanceId')
    const before = ownedInstances(cloud, InstanceId, caller)
    const deleting: string[] = []
    const after = await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const current = before.map((instance) => instances.get(instance.id) ?? instance)
      const guarded = current.find((instance) => instance.disableApiTermination && instance.state !== 'terminated')
      if (guarded) throw fault('terminationProtected', guarded.id)
      return current.map((previous) => {
        if (previous.state === 'stopped') {
          dropAssociation(cloud, draft, previous.id)
          deleting.push(...releaseVolumes(cloud, draft, previous.id))
          return { previous, now: endStopped(cloud, draft, previous) }
        }
        if (previous.state !== 'terminated') {
          // One that is ending already keeps its first reason.
          const ending = (previous.state === 'shutting-down' && previous.ending) || {
            kind: 'user',
            at: cloud.clock.now().toISOString(),
          }
          return { previous, now: moveInstance(cloud, draft, previous.id, 'end', { ending }) }
        }
        if (cloud.settings.fidelity === 'eucalyptus') instances.remove(previous.id)
        return { previous, now: previous }
      })
    })
    for (const { previous, now } of after) if (previous.state !== 'terminated') cloud.machines.terminate(now.id)
    for (const volumeId of deleting) cloud.disks.remove(volumeId)
    return {
      instancesSet: after.map(({ previous, now }) => ({
        instanceId: now.id,
        currentState: stateView(now.state),
        previousState: stateView(previous.state),
      })),
    }
  },
})

function endStopped(cloud: Cloud, draft: Draft, { id }: InstanceRecord): InstanceRecord {
  moveInstance(cloud, draft, id, 'end', { ending: { kind: 'user' } })
  return moveInstance(cloud, draft, id, 'gone', { terminatedAt: cloud.clock.now().toISOString() })
}
