import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { theRole } from './find-role.ts'

/** Removes a role that no instance profile holds and that has no policies; its sessions are over at once. */
export default operation('DeleteRole', {
  input: { ...delegation, RoleName: text },
  async run(cloud, { RoleName, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    await cloud.store.change((draft) => {
      const { id, policies } = theRole(cloud, accountId, RoleName, draft)
      const profiles = cloud.instanceProfiles.in(draft).list()
      if (profiles.some(({ roleId }) => roleId === id)) throw fault('roleInProfile')
      if (Object.keys(policies).length) throw fault('roleHasPolicies')
      cloud.roles.in(draft).remove(id)
    })
    return {}
  },
})
