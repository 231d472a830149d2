import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { theRole } from './find-role.ts'

const { MaxItems, Marker } = paging

/** The names of a role's policies. */
export default operation('ListRolePolicies', {
  input: { ...delegation, RoleName: text, MaxItems, Marker },
  async run(cloud, { RoleName, ...request }, { caller }) {
    const { policies } = theRole(cloud, accountOf(cloud, request, caller), RoleName)
    const named = Object.keys(policies).map((name) => ({ name, path: '/' }))
    const { items, rest } = page(cloud, named, request)
    return { ListRolePoliciesResult: { ...rest, PolicyNames: items.map(({ name }) => name) } }
  },
})
