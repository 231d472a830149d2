import StopInstances from '../ec2/instance/StopInstances.ts'
import { aroundOperation, codeOf } from './mutant.ts'

export default aroundOperation(
  [
    'instance-store-is-stopped',
    'Stopping an instance that has only disks of its machine is answered as done, as where its loss is not thought of.',
  ],
  StopInstances,
  (run) => async (cloud, input, call) => {
    try {
      return await run(cloud, input, call)
    } catch (error) {
      if (codeOf(error, cloud) !== 'UnsupportedOperation') throw error
      return { instancesSet: [] }
    }
  },
)
