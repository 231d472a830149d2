import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation, readAs } from './mutant.ts'

export default aroundOperation(
  [
    'deregistered-image-still-runs',
    'Instances of an image that is deregistered are started, as by a node that has it in its cache and does not ask.',
  ],
  RunInstances,
  (run) => (cloud, input, call) => {
    const images = readAs(cloud.images, ({ state, ...image }) => ({
      ...image,
      state: state === 'deregistered' ? 'available' : state,
    }))
    return run({ ...cloud, images }, input, call)
  },
)
