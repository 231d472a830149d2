import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['user-data-is-cut-off', 'User data that is too long is cut off in silence, as where a column holds so many bytes.'],
  RunInstances,
  (run) => (cloud, input, call) => {
    const UserData = input.UserData && Buffer.from(input.UserData, 'base64').subarray(0, 16_384).toString('base64')
    return run(cloud, { ...input, UserData }, call)
  },
)
