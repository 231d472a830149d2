import RunInstances from '../ec2/instance/RunInstances.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'user-data-of-another-instance',
    'An instance has the user-data of the launch before, as where requests share a buffer.',
  ],
  RunInstances,
  (run) => {
    let earlier: string | undefined
    return (cloud, input, call) => {
      const UserData = earlier ?? input.UserData
      earlier = input.UserData ?? earlier
      return run(cloud, { ...input, UserData }, call)
    }
  },
)
