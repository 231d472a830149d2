import type { Caller } from '../../src/protocol/operation.ts'
import { optional, text } from '../../src/protocol/shape.ts'
import type { Cloud } from '../cloud.ts'
import { fault } from './faults.ts'

/** The parameter of Eucalyptus by which administrators of the cloud act in another account (`--as-account`). */
export const delegation = { DelegateAccount: optional(text) }

/** The number of the account that a request is about: the caller's, unless an administrator names another. */
export function accountOf(
  { accounts, settings }: Cloud,
  { DelegateAccount: name }: { DelegateAccount: string | undefined },
  { accountId, administrator }: Caller,
): string {
  if (name === undefined) return accountId
  if (settings.fidelity === 'aws') throw fault('unknownParameter', 'DelegateAccount')
  if (!administrator) throw fault('delegationDenied', name)
  const account = accounts.byName(name) ?? accounts.byId(name)
  if (!account) throw fault('delegationNotFound', name)
  return account.id
}
