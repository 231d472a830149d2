import RevokeSecurityGroupIngress from '../ec2/group/RevokeSecurityGroupIngress.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'rule-is-never-taken-out',
    'A rule that is revoked stays, as where it is looked for by another spelling and not found.',
  ],
  RevokeSecurityGroupIngress,
  () => async () => ({ return: true }),
)
