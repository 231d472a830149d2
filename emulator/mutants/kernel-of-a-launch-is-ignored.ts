import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'kernel-of-a-launch-is-ignored',
    'A paravirtual instance boots the kernel of its image whatever its launch names, as where that is only for administrators.',
  ],
  RunInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, KernelId: undefined, RamdiskId: undefined }, call),
)
