import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import type { RoleRecord } from './role.ts'

/** An account's role of that name, as it is or as a change sees it. Throws the fault when there is none. */
export function theRole({ roles }: Cloud, accountId: string, name: string, draft?: Draft): RoleRecord {
  const found = (draft ? roles.in(draft) : roles).list().find((one) => one.accountId === accountId && one.name === name)
  if (!found) throw fault('roleNotFound', name)
  return found
}

/** Changes an account's role. Throws the fault when there is none. */
export const changeRole = (
  cloud: Cloud,
  accountId: string,
  name: string,
  change: (role: RoleRecord) => Partial<RoleRecord>,
): Promise<void> =>
  cloud.store.change((draft) => {
    const role = theRole(cloud, accountId, name, draft)
    cloud.roles.in(draft).put({ ...role, ...change(role) })
  })
