import PutRolePolicy from '../iam/role/PutRolePolicy.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'role-policies-allow-nothing',
    'A role may do nothing whatever its policies are, as where they are kept and only looked through for denials.',
  ],
  PutRolePolicy,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    const nothing = { Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }
    await run(cloud, { ...input, PolicyDocument: JSON.stringify(nothing) }, call)
    return answer
  },
)
