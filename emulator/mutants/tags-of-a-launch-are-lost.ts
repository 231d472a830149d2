import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'tags-of-a-launch-are-lost',
    'Instances do not have the tags that their launch gives them, as in clouds of before 2017 that ignore what they do not know.',
  ],
  RunInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, TagSpecification: [] }, call),
)
