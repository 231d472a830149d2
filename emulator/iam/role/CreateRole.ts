import { readTrust } from '../../../src/protocol/policy.ts'
import { integer, optional, text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { checkName, pathOf } from '../names.ts'
import { operation } from '../operation.ts'
import { checkDocument } from './documents.ts'
import { type RoleRecord, roleView } from './role.ts'

const input = {
  ...delegation,
  RoleName: text,
  Path: optional(text),
  AssumeRolePolicyDocument: text,
  Description: optional(text),
  MaxSessionDuration: optional(integer),
}

/** How long the sessions of a role may be, in seconds: 12 hours at most, and one unless it says otherwise (AWS). */
const [shortestSession, longestSession] = [3600, 43_200]

/** Makes a role, which may do nothing until it has policies. */
export default operation('CreateRole', {
  input,
  async run(cloud, request, { caller }) {
    const { RoleName: name, AssumeRolePolicyDocument: trustPolicy, Description, MaxSessionDuration } = request
    const { fidelity } = cloud.settings
    const accountId = accountOf(cloud, request, caller)
    const onlyAws = [Description && 'Description', MaxSessionDuration && 'MaxSessionDuration'].filter(Boolean)
    if (fidelity === 'eucalyptus' && onlyAws.length) throw fault('unknownParameter', onlyAws.join(', '))
    checkName('role', name)
    const path = pathOf('role', request.Path, fidelity)
    const seconds = MaxSessionDuration ?? shortestSession
    if (seconds < shortestSession || seconds > longestSession) {
      throw fault('invalidValue', 'maxSessionDuration', String(seconds))
    }
    checkDocument(readTrust, trustPolicy)
    const role: RoleRecord = {
      ...{ id: cloud.ids.entity('ARO'), accountId, name, path, trustPolicy, policies: {} },
      arn: `arn:aws:iam::${accountId}:role${path}${name}`,
      ...(Description !== undefined && { description: Description }),
      ...(fidelity === 'aws' && { longestSession: seconds }),
      createdAt: cloud.clock.now().toISOString(),
    }
    await cloud.store.change((draft) => {
      const roles = cloud.roles.in(draft)
      if (roles.list().some((one) => one.accountId === accountId && one.name === name)) throw fault('roleExists', name)
      roles.put(role)
    })
    return { CreateRoleResult: { Role: roleView(role) } }
  },
})
