import DeleteRole from '../iam/role/DeleteRole.ts'
import { aroundOperation, unlisted } from './mutant.ts'

export default aroundOperation(
  [
    'role-in-a-profile-is-deleted',
    'A role is deleted while an instance profile holds it, as where nobody counts who needs it.',
  ],
  DeleteRole,
  (run) => (cloud, input, call) => run({ ...cloud, instanceProfiles: unlisted(cloud.instanceProfiles) }, input, call),
)
