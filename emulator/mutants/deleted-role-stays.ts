import DeleteRole from '../iam/role/DeleteRole.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deleted-role-stays',
    'A role that was deleted is still listed and assumed, as where the directory replicates never.',
  ],
  DeleteRole,
  () => async () => ({}),
)
