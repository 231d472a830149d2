import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'only-one-instance-is-started',
    'A launch of several starts one, as where the count is read only of the first reservation.',
  ],
  RunInstances,
  (run) => (cloud, input, call) =>
    run(cloud, input.MaxCount < input.MinCount ? input : { ...input, MinCount: 1, MaxCount: 1 }, call),
)
