import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { theRole } from './find-role.ts'
import { roleView } from './role.ts'

/** A role, and who may take it on. */
export default operation('GetRole', {
  input: { ...delegation, RoleName: text },
  async run(cloud, { RoleName, ...request }, { caller }) {
    return { GetRoleResult: { Role: roleView(theRole(cloud, accountOf(cloud, request, caller), RoleName)) } }
  },
})
