import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { egressInput } from './permission-request.ts'
import { authorize } from './rule-changes.ts'

/** Lets more out of the instances of a group. Eucalyptus has that in a VPC alone, and refuses. */
export default operation('AuthorizeSecurityGroupEgress', {
  input: egressInput,
  async run(cloud, { GroupId, IpPermissions }, { caller }) {
    if (cloud.settings.fidelity === 'aws' && GroupId === undefined) throw fault('missingParameter', 'groupId')
    if (cloud.settings.fidelity === 'aws' && !IpPermissions.length) throw fault('missingParameter', 'ipPermissions')
    return {
      return: await authorize(cloud, 'egress', { group: { GroupId }, permissions: () => IpPermissions }, caller),
    }
  },
})
