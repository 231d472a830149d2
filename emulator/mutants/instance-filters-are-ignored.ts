import DescribeInstances from '../ec2/instance/DescribeInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['instance-filters-are-ignored', 'Instances are listed whatever filters are sent, as in clouds of before 2012.'],
  DescribeInstances,
  (run) => (cloud, input, call) => run(cloud, { ...input, Filter: [] }, call),
)
