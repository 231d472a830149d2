import PutRolePolicy from '../iam/role/PutRolePolicy.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'role-policies-allow-everything',
    'A role may do everything once it has any policy, as where policies are kept and not evaluated.',
  ],
  PutRolePolicy,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    const everything = { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
    await run(cloud, { ...input, PolicyDocument: JSON.stringify(everything) }, call)
    return answer
  },
)
