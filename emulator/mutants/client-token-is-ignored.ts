import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'client-token-is-ignored',
    'A launch that is repeated with its client token starts more instances, as where tokens are taken and not kept.',
  ],
  RunInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, ClientToken: undefined }, call),
)
