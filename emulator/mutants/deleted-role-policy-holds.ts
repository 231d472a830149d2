import DeleteRolePolicy from '../iam/role/DeleteRolePolicy.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deleted-role-policy-holds',
    'A role may still do what a policy allowed that was taken from it, as where sessions keep what they began with.',
  ],
  DeleteRolePolicy,
  () => async () => ({}),
)
