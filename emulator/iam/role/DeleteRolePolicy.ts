import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { changeRole } from './find-role.ts'

/** Takes a policy from a role. To Eucalyptus one that is not there is as good as gone (DatabaseRoleProxy). */
export default operation('DeleteRolePolicy', {
  input: { ...delegation, RoleName: text, PolicyName: text },
  async run(cloud, { RoleName, PolicyName, ...request }, { caller }) {
    await changeRole(cloud, accountOf(cloud, request, caller), RoleName, ({ policies }) => {
      const isThere = Object.hasOwn(policies, PolicyName)
      if (!isThere && cloud.settings.fidelity === 'aws') throw fault('policyNotFound', PolicyName)
      return { policies: Object.fromEntries(Object.entries(policies).filter(([name]) => name !== PolicyName)) }
    })
    return {}
  },
})
