import { list, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { room } from './capacity.ts'
import { moveInstance, stateView, typeOf } from './instance.ts'
import { ownedInstances } from './owned.ts'

/**
 * Starts stopped instances from their volumes. In Eucalyptus one that is not stopped is left out of the answer in
 * silence; in AWS one that cannot be started is a fault (eucalyptus-behaviour.md sections 1.5 and 12).
 */
export default operation('StartInstances', {
  input: { InstanceId: list(text), AdditionalInfo: optional(text) },
  async run(cloud, { InstanceId }, { caller }) {
    if (!InstanceId.length) throw fault('missingParameter', 'InstanceId')
    const before = ownedInstances(cloud, InstanceId, caller)
    const started = await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const current = before.map((instance) => instances.get(instance.id) ?? instance)
      const aws = cloud.settings.fidelity === 'aws'
      const wrong = current.find(({ state }) => state !== 'stopped' && state !== 'running' && state !== 'pending')
      if (aws && wrong) throw fault('instanceState', wrong.id, wrong.state)
      return current.flatMap((previous) => {
        if (previous.state !== 'stopped') return aws ? [{ previous, now: previous }] : []
        if (room(cloud, instances.list(), typeOf(cloud, previous)) < 1) throw fault('capacity', '0', previous.zone, '1')
        // What a stop left behind as its reason goes with the new start.
        const { ending: _, ...rest } = previous
        instances.put(aws ? { ...rest, launchedAt: cloud.clock.now().toISOString() } : rest)
        return [{ previous, now: moveInstance(cloud, draft, previous.id, 'start') }]
      })
    })
    for (const { previous, now } of started) if (previous.state === 'stopped') cloud.machines.launch(now.id)
    return {
      instancesSet: started.map(({ previous, now }) => ({
        instanceId: now.id,
        currentState: stateView(now.state),
        previousState: stateView(previous.state),
      })),
    }
  },
})
