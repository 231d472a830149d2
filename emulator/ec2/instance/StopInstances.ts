import { flag, list, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { moveInstance, stateView } from './instance.ts'
import { ownedInstances } from './owned.ts'

/**
 * Stops EBS-backed instances: the machine ends, the volumes stay in use, ephemeral disks are lost. An instance-store
 * instance has nothing that could outlast its machine and cannot be stopped (eucalyptus-behaviour.md sections 5.1, 5.4).
 */
export default operation('StopInstances', {
  input: { InstanceId: list(text), Force: optional(flag), Hibernate: optional(flag) },
  async run(cloud, { InstanceId, Force }, { caller }) {
    if (!InstanceId.length) throw fault('missingParameter', 'InstanceId')
    const before = ownedInstances(cloud, InstanceId, caller)
    const after = await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const current = before.map((instance) => instances.get(instance.id) ?? instance)
      for (const { id, rootDeviceType, state } of current) {
        if (rootDeviceType !== 'ebs') throw fault('stopInstanceStore', id)
        if (state === 'terminated' || state === 'shutting-down') throw fault('instanceState', id, state)
      }
      const ending = { kind: 'stopped', at: cloud.clock.now().toISOString() } as const
      return current.map((previous) => {
        // One that is stopping already keeps its first reason.
        const going = previous.state === 'pending' || previous.state === 'running'
        return { previous, now: going ? moveInstance(cloud, draft, previous.id, 'halt', { ending }) : previous }
      })
    })
    const force = Force ?? false
    for (const { previous, now } of after) {
      // To ask again is to ask no more firmly, unless it is by force.
      if (now.state === 'stopping' && (force || previous.state !== 'stopping')) cloud.machines.stop(now.id, force)
    }
    return {
      instancesSet: after.map(({ previous, now }) => ({
        instanceId: now.id,
        currentState: stateView(now.state),
        previousState: stateView(previous.state),
      })),
    }
  },
})
