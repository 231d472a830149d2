import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['volume-outlives-its-instance', 'A volume that is to go with its instance stays, as where nobody reads that wish.'],
  TerminateInstances,
  (run) => async (cloud, input, call) => {
    await cloud.store.change((draft) => {
      const volumes = cloud.volumes.in(draft)
      for (const volume of volumes.list()) {
        const { attachment } = volume
        if (!attachment || !input.InstanceId.includes(attachment.instanceId)) continue
        volumes.put({ ...volume, attachment: { ...attachment, deleteOnTermination: false } })
      }
    })
    return run(cloud, input, call)
  },
)
