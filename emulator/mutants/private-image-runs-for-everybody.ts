import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation, readAs } from './mutant.ts'

export default aroundOperation(
  [
    'private-image-runs-for-everybody',
    'Any account may start instances of any image, as where only its listing is restricted.',
  ],
  RunInstances,
  (run) => (cloud, input, call) =>
    run({ ...cloud, images: readAs(cloud.images, (image) => ({ ...image, public: true })) }, input, call),
)
