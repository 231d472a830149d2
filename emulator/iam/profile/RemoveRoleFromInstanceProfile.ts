import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { theRole } from '../role/find-role.ts'
import { theProfile } from './find-profile.ts'

/**
 * Takes the role out of an instance profile: its instances get no further credentials. Eucalyptus does not look whether
 * it is the one that is named (Privileged.removeRoleFromInstanceProfile).
 */
export default operation('RemoveRoleFromInstanceProfile', {
  input: { ...delegation, InstanceProfileName: text, RoleName: text },
  async run(cloud, { InstanceProfileName, RoleName, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    await cloud.store.change((draft) => {
      const role = theRole(cloud, accountId, RoleName, draft)
      const { roleId, ...profile } = theProfile(cloud, accountId, InstanceProfileName, draft)
      if (cloud.settings.fidelity === 'aws' && roleId !== role.id) throw fault('roleNotFound', RoleName)
      cloud.instanceProfiles.in(draft).put(profile)
    })
    return {}
  },
})
