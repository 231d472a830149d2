import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedInstances } from './owned.ts'

/** Restarts the machines; terminated instances are passed over (eucalyptus-behaviour.md section 13). */
export default operation('RebootInstances', {
  input: { InstanceId: list(text) },
  async run(cloud, { InstanceId }, { caller }) {
    if (!InstanceId.length) throw fault('missingParameter', 'InstanceId')
    const instances = ownedInstances(cloud, InstanceId, caller, 'rebootNotFound')
    for (const { id, state } of instances) if (state === 'running') cloud.machines.reboot(id)
    return { return: true }
  },
})
