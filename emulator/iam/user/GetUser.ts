import { flag, optional, text } from '../../../src/protocol/shape.ts'
import { accountOf, delegation } from '../delegation.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { userView } from './user.ts'

/** A user: the named one, or who asks. `ShowExtra` is Eucalyptus' own. */
export default operation('GetUser', {
  input: { ...delegation, UserName: optional(text), ShowExtra: optional(flag) },
  async run(cloud, { UserName, ShowExtra, ...request }, { caller }) {
    const accountId = accountOf(cloud, request, caller)
    if (ShowExtra !== undefined && cloud.settings.fidelity === 'aws') throw fault('unknownParameter', 'ShowExtra')
    if (UserName === undefined && caller.role) throw fault('userUnnamed')
    const user = cloud.accounts.users(accountId).find(({ name }) => UserName === undefined || name === UserName)
    if (!user) throw fault('userNotFound', UserName ?? '')
    return { GetUserResult: { User: { ...userView(user), Enabled: ShowExtra ? 'true' : undefined } } }
  },
})
