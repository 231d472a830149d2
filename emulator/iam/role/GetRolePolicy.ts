import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { theRole } from './find-role.ts'
import { encodedDocument } from './role.ts'

/** A policy of a role, as it was given. */
export default operation('GetRolePolicy', {
  input: { ...delegation, RoleName: text, PolicyName: text },
  async run(cloud, { RoleName, PolicyName, ...request }, { caller }) {
    const { policies } = theRole(cloud, accountOf(cloud, request, caller), RoleName)
    const document = Object.hasOwn(policies, PolicyName) ? policies[PolicyName] : undefined
    if (document === undefined) throw fault('policyNotFound', PolicyName)
    return { GetRolePolicyResult: { RoleName, PolicyName, PolicyDocument: encodedDocument(document) } }
  },
})
