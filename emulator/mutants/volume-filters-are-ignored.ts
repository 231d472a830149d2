import DescribeVolumes from '../ec2/volume/DescribeVolumes.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['volume-filters-are-ignored', 'Volumes are listed whatever filters are sent, as in clouds of before 2012.'],
  DescribeVolumes,
  (run) => (cloud, input, call) => run(cloud, { ...input, Filter: [] }, call),
)
