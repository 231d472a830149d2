import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { theRole } from '../role/find-role.ts'
import { profileView } from './profile.ts'

const { MaxItems, Marker } = paging

/** The instance profiles that hold a role. */
export default operation('ListInstanceProfilesForRole', {
  input: { ...delegation, RoleName: text, MaxItems, Marker },
  async run(cloud, { RoleName, ...request }, { caller }) {
    const role = theRole(cloud, accountOf(cloud, request, caller), RoleName)
    const holding = cloud.instanceProfiles.list().filter(({ roleId }) => roleId === role.id)
    const { items, rest } = page(cloud, holding, request)
    const InstanceProfiles = items.map((profile) => profileView(cloud, profile))
    return { ListInstanceProfilesForRoleResult: { ...rest, InstanceProfiles } }
  },
})
