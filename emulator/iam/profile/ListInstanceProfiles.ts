import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { profileView } from './profile.ts'

/** The instance profiles of an account whose paths begin so. */
export default operation('ListInstanceProfiles', {
  input: { ...delegation, ...paging },
  async run(cloud, request, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    const own = cloud.instanceProfiles.list().filter((profile) => profile.accountId === accountId)
    const { items, rest } = page(cloud, own, request)
    return {
      ListInstanceProfilesResult: { ...rest, InstanceProfiles: items.map((profile) => profileView(cloud, profile)) },
    }
  },
})
