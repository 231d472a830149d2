import DeleteSecurityGroup from '../ec2/group/DeleteSecurityGroup.ts'
import { aroundOperation, unlisted } from './mutant.ts'

export default aroundOperation(
  [
    'group-in-use-is-deleted',
    'A security group is deleted while instances are in it, as where nobody counts its members.',
  ],
  DeleteSecurityGroup,
  (run) => (cloud, input, call) => run({ ...cloud, instances: unlisted(cloud.instances) }, input, call),
)
