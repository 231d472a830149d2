import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'protection-does-not-protect',
    'A protected instance is terminated all the same, as where only the console asks before.',
  ],
  TerminateInstances,
  (run) => async (cloud, input, call) => {
    await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      for (const id of input.InstanceId) {
        const instance = instances.get(id)
        if (instance) instances.put({ ...instance, disableApiTermination: false })
      }
    })
    return run(cloud, input, call)
  },
)
