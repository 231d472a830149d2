import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { roleView } from './role.ts'

/** The roles of an account whose paths begin so. */
export default operation('ListRoles', {
  input: { ...delegation, ...paging },
  async run(cloud, request, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    const own = cloud.roles.list().filter((role) => role.accountId === accountId)
    const { items, rest } = page(cloud, own, request)
    return { ListRolesResult: { ...rest, Roles: items.map(roleView) } }
  },
})
