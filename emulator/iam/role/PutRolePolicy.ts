import { readPolicy } from '../../../src/protocol/policy.ts'
import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { checkName } from '../names.ts'
import { operation } from '../operation.ts'
import { checkDocument } from './documents.ts'
import { changeRole } from './find-role.ts'

/** All policies of a role together may have so many characters, white space not counted (IAM quotas). */
const longestPolicies = 10_240

/** Says what a role may do, from the next request of its sessions on; replaces a policy of the same name. */
export default operation('PutRolePolicy', {
  input: { ...delegation, RoleName: text, PolicyName: text, PolicyDocument: text },
  async run(cloud, { RoleName, PolicyName, PolicyDocument, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    checkName('policy', PolicyName)
    checkDocument(readPolicy, PolicyDocument)
    await changeRole(cloud, accountId, RoleName, (role) => {
      const policies = { ...role.policies, [PolicyName]: PolicyDocument }
      const length = Object.values(policies).join('').replace(/\s/g, '').length
      if (length > longestPolicies) throw fault('policiesTooLong', RoleName, String(longestPolicies))
      return { policies }
    })
    return {}
  },
})
