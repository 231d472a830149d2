import DescribeSnapshots from '../ec2/snapshot/DescribeSnapshots.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['snapshot-filters-are-ignored', 'Snapshots are listed whatever filters are sent, as in clouds of before 2012.'],
  DescribeSnapshots,
  (run) => (cloud, input, call) => run(cloud, { ...input, Filter: [] }, call),
)
