import type { Fidelity } from '../../../src/protocol/faults.ts'
import { fault } from '../faults.ts'
import type { InstanceRecord } from './instance.ts'

/**
 * What a request says that the guest's own power-off is to do. Eucalyptus takes any text and heeds none, the kind of root
 * decides (eucalyptus-behaviour.md section 5.1). AWS throws the faults: an instance-store instance cannot stop.
 */
export function shutdownBehavior(
  fidelity: Fidelity,
  asked: string | undefined,
  rootDeviceType: InstanceRecord['rootDeviceType'],
): 'stop' | 'terminate' | undefined {
  if (fidelity === 'eucalyptus' || asked === undefined) return undefined
  if (asked !== 'stop' && asked !== 'terminate') {
    throw fault('invalidParameterValue', asked, 'instanceInitiatedShutdownBehavior')
  }
  if (asked === 'stop' && rootDeviceType !== 'ebs') throw fault('shutdownInstanceStore')
  return asked
}
