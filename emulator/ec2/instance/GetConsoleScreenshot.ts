import { flag, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedInstance } from './owned.ts'

/**
 * The screen of a running instance as JPEG, base64; of a paravirtual one, which has no screen, the end of its console.
 * Eucalyptus answers every call with an empty picture (section 5.5); AWS refuses an instance that does not run.
 */
export default operation('GetConsoleScreenshot', {
  input: { InstanceId: text, WakeUp: optional(flag) },
  async run(cloud, { InstanceId }, { caller }) {
    const instance = ownedInstance(cloud, InstanceId, caller)
    if (instance.state !== 'running') throw fault('instanceNotRunning', instance.id)
    const picture = await cloud.machines.screenshot(instance.id)
    return { instanceId: instance.id, imageData: picture.toString('base64') }
  },
})
