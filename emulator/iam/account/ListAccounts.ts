import { fault } from '../faults.ts'
import { operation } from '../operation.ts'

/** The accounts of the cloud, for its administrators; anybody else sees their own. Only Eucalyptus has it. */
export default operation('ListAccounts', {
  input: {},
  async run({ accounts, settings }, _request, { caller }) {
    if (settings.fidelity === 'aws') throw fault('unknownAction', 'ListAccounts')
    const seen = accounts.list().filter(({ id }) => caller.administrator || id === caller.accountId)
    return { ListAccountsResult: { Accounts: seen.map(({ id, name }) => ({ AccountName: name, AccountId: id })) } }
  },
})
