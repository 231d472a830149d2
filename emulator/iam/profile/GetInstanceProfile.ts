import { text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { operation } from '../operation.ts'
import { theProfile } from './find-profile.ts'
import { profileView } from './profile.ts'

/** An instance profile with its role. */
export default operation('GetInstanceProfile', {
  input: { ...delegation, InstanceProfileName: text },
  async run(cloud, { InstanceProfileName, ...request }, { caller }) {
    const profile = theProfile(cloud, accountOf(cloud, request, caller), InstanceProfileName)
    return { GetInstanceProfileResult: { InstanceProfile: profileView(cloud, profile) } }
  },
})
