import { optional, text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { checkName, pathOf } from '../names.ts'
import { operation } from '../operation.ts'
import { profileView } from './profile.ts'

/** Makes an instance profile without a role. */
export default operation('CreateInstanceProfile', {
  input: { ...delegation, InstanceProfileName: text, Path: optional(text) },
  async run(cloud, { InstanceProfileName: name, Path, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    checkName('instance profile', name)
    const path = pathOf('instance profile', Path, cloud.settings.fidelity)
    const createdAt = cloud.clock.now().toISOString()
    const arn = `arn:aws:iam::${accountId}:instance-profile${path}${name}`
    const profile = { id: cloud.ids.entity('AIP'), accountId, name, path, arn, createdAt }
    await cloud.store.change((draft) => {
      const profiles = cloud.instanceProfiles.in(draft)
      const isTaken = profiles.list().some((one) => one.accountId === accountId && one.name === name)
      if (isTaken) throw fault('profileExists', name)
      profiles.put(profile)
    })
    return { CreateInstanceProfileResult: { InstanceProfile: profileView(cloud, profile) } }
  },
})
