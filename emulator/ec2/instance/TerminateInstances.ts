import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { moveInstance, stateView } from './instance.ts'
import { ownedInstances } from './owned.ts'

/**
 * Ends instances; the disks of instance-store instances go with them. One that is protected fails the whole batch. In
 * Eucalyptus, terminating a terminated instance takes it out of the answers (eucalyptus-behaviour.md section 5.1).
 */
export default operation('TerminateInstances', {
  input: { InstanceId: list(text) },
  async run(cloud, { InstanceId }, { caller }) {
    if (!InstanceId.length) throw fault('missingParameter', 'InstanceId')
    const before = ownedInstances(cloud, InstanceId, caller)
    const after = await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const current = before.map((instance) => instances.get(instance.id) ?? instance)
      const guarded = current.find((instance) => instance.disableApiTermination && instance.state !== 'terminated')
      if (guarded) throw fault('terminationProtected', guarded.id)
      return current.map((previous) => {
        if (previous.state !== 'terminated') {
          // One that is ending already keeps its first reason.
          const ending = previous.ending ?? { kind: 'user' }
          return { previous, now: moveInstance(cloud, draft, previous.id, 'end', { ending }) }
        }
        if (cloud.settings.fidelity === 'eucalyptus') instances.remove(previous.id)
        return { previous, now: previous }
      })
    })
    for (const { now } of after) if (now.state === 'shutting-down') cloud.machines.terminate(now.id)
    return {
      instancesSet: after.map(({ previous, now }) => ({
        instanceId: now.id,
        currentState: stateView(now.state),
        previousState: stateView(previous.state),
      })),
    }
  },
})
