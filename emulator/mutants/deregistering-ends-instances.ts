import DeregisterImage from '../ec2/image/DeregisterImage.ts'
import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deregistering-ends-instances',
    'Instances end with their image, as where one record is of both, and what refers to it goes with it.',
  ],
  DeregisterImage,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    const all = cloud.instances.list().filter(({ imageId }) => imageId === input.ImageId)
    const InstanceId = all.filter(({ state }) => state === 'running').map(({ id }) => id)
    if (InstanceId.length) await TerminateInstances.run(cloud, { InstanceId }, call)
    return answer
  },
)
