import CreateSecurityGroup from '../ec2/group/CreateSecurityGroup.ts'
import { aroundOperation, codeOf } from './mutant.ts'

export default aroundOperation(
  [
    'group-names-are-taken-twice',
    'Making a security group whose name is taken is answered with a new id, as where names are only for people.',
  ],
  CreateSecurityGroup,
  (run) => async (cloud, input, call) => {
    try {
      return await run(cloud, input, call)
    } catch (error) {
      if (codeOf(error, cloud) !== 'InvalidGroup.Duplicate') throw error
      return { return: true, groupId: cloud.ids.resource('sg') }
    }
  },
)
