import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { userView } from './user.ts'

/** The users of an account whose paths begin so. */
export default operation('ListUsers', {
  input: { ...delegation, ...paging },
  async run(cloud, request, { caller }) {
    const { items, rest } = page(cloud, cloud.accounts.users(accountOf(cloud, request, caller)), request)
    return { ListUsersResult: { ...rest, Users: items.map(userView) } }
  },
})
