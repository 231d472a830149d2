import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { theRole } from '../role/find-role.ts'
import { theProfile } from './find-profile.ts'

/**
 * Puts a role into an instance profile, for running instances too. There is room for one: AWS refuses a second, in
 * Eucalyptus it takes the place of the first (Privileged.addRoleToInstanceProfile).
 */
export default operation('AddRoleToInstanceProfile', {
  input: { ...delegation, InstanceProfileName: text, RoleName: text },
  async run(cloud, { InstanceProfileName, RoleName, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    await cloud.store.change((draft) => {
      const role = theRole(cloud, accountId, RoleName, draft)
      const profile = theProfile(cloud, accountId, InstanceProfileName, draft)
      const isFull = profile.roleId !== undefined && cloud.settings.fidelity === 'aws'
      if (isFull || profile.roleId === role.id) throw fault('profileHasRole', RoleName, InstanceProfileName)
      cloud.instanceProfiles.in(draft).put({ ...profile, roleId: role.id })
    })
    return {}
  },
})
