import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { egressInput } from './permission-request.ts'
import { revoke } from './rule-changes.ts'

/** Lets less out of the instances of a group. Eucalyptus has that in a VPC alone, and refuses. */
export default operation('RevokeSecurityGroupEgress', {
  input: egressInput,
  async run(cloud, { GroupId, IpPermissions }, { caller }) {
    if (cloud.settings.fidelity === 'aws' && GroupId === undefined) throw fault('missingParameter', 'groupId')
    if (cloud.settings.fidelity === 'aws' && !IpPermissions.length) throw fault('missingParameter', 'ipPermissions')
    await revoke(cloud, 'egress', { group: { GroupId }, permissions: () => IpPermissions }, caller)
    return { return: true }
  },
})
