import DescribeImages from '../ec2/image/DescribeImages.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['image-filters-are-ignored', 'Images are listed whatever filters are sent, as in clouds of before 2012.'],
  DescribeImages,
  (run) => (cloud, input, call) => run(cloud, { ...input, Filter: [] }, call),
)
