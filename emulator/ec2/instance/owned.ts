import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { instanceId } from '../ids.ts'
import { type InstanceRecord, isShown } from './instance.ts'

/** Whether an instance is the caller's to see and to act on. */
export const isCallers = (instance: InstanceRecord, caller: Caller): boolean =>
  instance.ownerId === caller.accountId || caller.administrator

/**
 * The caller's instances of those ids, in their order. Throws the fault for a malformed id, and one fault that names all
 * that do not exist or are another account's.
 */
export function ownedInstances(
  cloud: Cloud,
  ids: readonly string[],
  caller: Caller,
  absent: 'instanceNotFound' | 'rebootNotFound' = 'instanceNotFound',
): InstanceRecord[] {
  const wanted = [...new Set(ids.map(instanceId))]
  const found = wanted.flatMap((id) => {
    const instance = cloud.instances.get(id)
    return instance && isCallers(instance, caller) && isShown(instance, cloud.clock.now()) ? [instance] : []
  })
  const missing = wanted.filter((id) => !found.some((instance) => instance.id === id))
  if (missing.length) throw fault(absent, ...missing)
  return found
}

/** The caller's instance of that id. Throws the faults of `ownedInstances`. */
export function ownedInstance(cloud: Cloud, id: string, caller: Caller): InstanceRecord {
  const [instance] = ownedInstances(cloud, [id], caller)
  if (!instance) throw fault('instanceNotFound', id)
  return instance
}
