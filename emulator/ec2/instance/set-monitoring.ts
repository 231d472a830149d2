import type { Caller } from '../../../src/protocol/operation.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { instanceId } from '../ids.ts'
import { isShown } from './instance.ts'
import { isCallers, ownedInstances } from './owned.ts'

/** What AWS answers at once: the change is then still to come. */
const onTheWay = { true: 'pending', false: 'disabling' } as const
const done = { true: 'enabled', false: 'disabled' } as const

/**
 * Says of instances whether they are monitored closely, which shows in their descriptions and in their metadata. Eucalyptus
 * passes over those that are not the caller's (eucalyptus-behaviour.md section 13); AWS throws the fault.
 */
export async function setMonitoring(
  cloud: Cloud,
  ids: readonly string[],
  monitoring: boolean,
  caller: Caller,
): Promise<Answer> {
  if (!ids.length) throw fault('missingParameter', 'InstanceId')
  const aws = cloud.settings.fidelity === 'aws'
  if (aws) ownedInstances(cloud, ids, caller)
  const changed = await cloud.store.change((draft) => {
    const instances = cloud.instances.in(draft)
    return [...new Set(ids.map(instanceId))].flatMap((id) => {
      const instance = instances.get(id)
      if (!instance || !isCallers(instance, caller) || !isShown(instance, cloud.clock.now())) return []
      instances.put({ ...instance, monitoring })
      return [id]
    })
  })
  const state = (aws ? onTheWay : done)[`${monitoring}`]
  return changed.map((id) => ({ instanceId: id, monitoring: { state } }))
}
