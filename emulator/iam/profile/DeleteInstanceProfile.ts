import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { theProfile } from './find-profile.ts'

/** Removes an instance profile; AWS wants its role to be taken out first. */
export default operation('DeleteInstanceProfile', {
  input: { ...delegation, InstanceProfileName: text },
  async run(cloud, { InstanceProfileName, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    await cloud.store.change((draft) => {
      const { id, roleId } = theProfile(cloud, accountId, InstanceProfileName, draft)
      if (roleId !== undefined && cloud.settings.fidelity === 'aws') throw fault('roleInProfile')
      cloud.instanceProfiles.in(draft).remove(id)
    })
    return {}
  },
})
