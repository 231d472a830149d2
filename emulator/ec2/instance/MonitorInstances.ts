import { list, text } from '../../../src/protocol/shape.ts'
import { operation } from '../operation.ts'
import { setMonitoring } from './set-monitoring.ts'

/** Has instances monitored closely. */
export default operation('MonitorInstances', {
  input: { InstanceId: list(text) },
  async run(cloud, { InstanceId }, { caller }) {
    return { instancesSet: await setMonitoring(cloud, InstanceId, true, caller) }
  },
})
