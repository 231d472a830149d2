import DescribeKeyPairs from '../ec2/keypair/DescribeKeyPairs.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'wildcard-matches-everything',
    'A filter with a star or a question mark finds everything, as where a pattern that cannot be read is left out.',
  ],
  DescribeKeyPairs,
  (run) => (cloud, input, call) => {
    const Filter = input.Filter.map(({ Name, Value }) => ({
      Name,
      Value: Value.map((value) => (/[*?]/.test(value) ? '*' : value)),
    }))
    return run(cloud, { ...input, Filter }, call)
  },
)
