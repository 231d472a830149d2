import { list, text } from '../../../src/protocol/shape.ts'
import { operation } from '../operation.ts'
import { setMonitoring } from './set-monitoring.ts'

/** Has instances monitored as all are. */
export default operation('UnmonitorInstances', {
  input: { InstanceId: list(text) },
  async run(cloud, { InstanceId }, { caller }) {
    return { instancesSet: await setMonitoring(cloud, InstanceId, false, caller) }
  },
})
