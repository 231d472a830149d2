import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'zone-of-a-launch-is-ignored',
    'A launch in a zone that does not exist starts somewhere else, as where a scheduler knows better.',
  ],
  RunInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, Placement: undefined }, call),
)
