import type { Fidelity } from '../src/protocol/faults.ts'
import type { Caller, CallerRole } from '../src/protocol/operation.ts'
import { allows, readPolicy } from '../src/protocol/policy.ts'
import type { AccountRecord } from './accounts.ts'
import type { Cloud } from './cloud.ts'
import type { RoleRecord } from './iam/role/role.ts'
import type { Requester } from './objects/acl.ts'
import { callerArn } from './sts/caller-arn.ts'

/** Whose an access key is, permanent or of a session. */
export interface Sender {
  readonly accessKeyId: string
  readonly secret: string
  readonly account: AccountRecord
  /** The role and the name of a session. */
  readonly session?: { readonly role: RoleRecord; readonly name: string }
  /** The session is over. */
  readonly expired: boolean
}

/**
 * Who holds an access key. A key of a session is found with its token only, and while its role is there; any other only
 * without one.
 */
export function findSender(
  { accounts, roles, sessions, clock }: Pick<Cloud, 'accounts' | 'roles' | 'sessions' | 'clock'>,
  accessKeyId: string,
  securityToken: string | undefined,
): Sender | undefined {
  if (securityToken === undefined) {
    const key = accounts.key(accessKeyId)
    return key && { accessKeyId, ...key, expired: false }
  }
  const session = sessions.open(accessKeyId, securityToken)
  const account = session && accounts.byId(session.accountId)
  const role = session && roles.get(session.roleId)
  if (!account || !role) return undefined
  const { secret, name, expiresAt } = session
  return { accessKeyId, secret, account, session: { role, name }, expired: expiresAt <= clock.now() }
}

/**
 * An account as Object Storage knows it. Administrators of Eucalyptus may do everything in it (OsgAuthorizationHandler); in
 * AWS nobody is above the ACLs.
 */
export const accountRequester = (
  { id: accountId, canonicalId, administrator }: Pick<AccountRecord, 'id' | 'canonicalId' | 'administrator'>,
  fidelity: Fidelity,
): Requester & { readonly kind: 'account' } => ({
  kind: 'account',
  accountId,
  canonicalId,
  administrator: administrator && fidelity === 'eucalyptus',
})

/** A sender, or nobody, as Object Storage knows it. */
export function requesterOf(
  sender: Sender | undefined,
  fidelity: Fidelity,
): { requester: Requester; arn?: string; may?: CallerRole['may'] } {
  if (!sender) return { requester: { kind: 'anonymous' } }
  const caller = callerOf(sender)
  const { accountId: id, administrator, role } = caller
  const { canonicalId } = sender.account
  return {
    requester: accountRequester({ id, canonicalId, administrator }, fidelity),
    arn: callerArn(caller),
    ...(role && { may: role.may }),
  }
}

/** A sender as operations know it. A role administers nothing but what its policies name, whatever its account. */
export function callerOf({ accessKeyId, account, session }: Sender): Caller {
  const { id: accountId, administrator } = account
  if (!session) return { accountId, administrator, accessKeyId }
  const { role, name } = session
  const statements = Object.values(role.policies).flatMap(readPolicy)
  return {
    accountId,
    administrator: false,
    accessKeyId,
    role: {
      id: role.id,
      name: role.name,
      session: name,
      may: (action, resource) => allows(statements, action, resource),
    },
  }
}
