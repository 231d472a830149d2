import DescribeImages from '../ec2/image/DescribeImages.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'wildcards-are-plain-text',
    'Stars and question marks of a filter stand for themselves, as where values are compared and not matched.',
  ],
  DescribeImages,
  (run) => (cloud, input, call) => {
    const Filter = input.Filter.map(({ Name, Value }) => ({
      Name,
      Value: Value.map((value) => value.replace(/[*?]/g, '\\$&')),
    }))
    return run(cloud, { ...input, Filter }, call)
  },
)
