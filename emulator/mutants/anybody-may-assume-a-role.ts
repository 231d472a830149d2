import CreateRole from '../iam/role/CreateRole.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'anybody-may-assume-a-role',
    'A role trusts everybody whatever its trust policy says, as where that is only looked at for its form.',
  ],
  CreateRole,
  (run) => async (cloud, input, call) => {
    const answer = await run(cloud, input, call)
    const anybody = { Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }] }
    await cloud.store.change((draft) => {
      const roles = cloud.roles.in(draft)
      const role = roles.list().find(({ name }) => name === input.RoleName)
      if (role) roles.put({ ...role, trustPolicy: JSON.stringify(anybody) })
    })
    return answer
  },
)
