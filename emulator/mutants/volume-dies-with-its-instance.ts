import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'volume-dies-with-its-instance',
    'A volume that was attached goes with its instance, as where everything that an instance has is its own.',
  ],
  TerminateInstances,
  (run) => async (cloud, input, call) => {
    await cloud.store.change((draft) => {
      const volumes = cloud.volumes.in(draft)
      for (const volume of volumes.list()) {
        const { attachment } = volume
        if (!attachment || !input.InstanceId.includes(attachment.instanceId)) continue
        volumes.put({ ...volume, attachment: { ...attachment, deleteOnTermination: true } })
      }
    })
    return run(cloud, input, call)
  },
)
