import { flag, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { ownedInstance } from './owned.ts'

/** The last 64 KiB of the serial console; of a running instance only, in Eucalyptus (section 5.5). */
export default operation('GetConsoleOutput', {
  input: { InstanceId: text, Latest: optional(flag) },
  async run(cloud, { InstanceId }, { caller }) {
    const instance = ownedInstance(cloud, InstanceId, caller)
    if (cloud.settings.fidelity === 'eucalyptus' && instance.state !== 'running') {
      throw fault('instanceNotRunning', instance.id)
    }
    const console = await cloud.machines.console(instance.id)
    // The node answers a blank line for an empty console, and C strings end at a zero byte.
    const end = console.indexOf(0)
    const output = console.length ? console.subarray(0, end < 0 ? undefined : end) : Buffer.from(' \n')
    return { instanceId: instance.id, timestamp: cloud.clock.now(), output: output.toString('base64') }
  },
})
