import DescribeInstances from '../ec2/instance/DescribeInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'instances-of-all-accounts-are-listed',
    'An account sees the instances of all, as where every caller is taken for an administrator that asks for everything.',
  ],
  DescribeInstances,
  (run) => (cloud, input, call) => {
    const { InstanceId } = input
    const asked = { ...input, InstanceId: InstanceId.length ? InstanceId : ['verbose'] }
    return run(cloud, asked, { ...call, caller: { ...call.caller, administrator: true } })
  },
)
