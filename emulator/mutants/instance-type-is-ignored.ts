import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['instance-type-is-ignored', 'Every instance is of the default type, as on a node that has one size.'],
  RunInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, InstanceType: undefined }, call),
)
