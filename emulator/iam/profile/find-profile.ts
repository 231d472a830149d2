import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import type { InstanceProfileRecord } from './profile.ts'

/** An account's instance profile of that name, as it is or as a change sees it. Throws the fault when there is none. */
export function theProfile(
  { instanceProfiles }: Cloud,
  accountId: string,
  name: string,
  draft?: Draft,
): InstanceProfileRecord {
  const all = (draft ? instanceProfiles.in(draft) : instanceProfiles).list()
  const found = all.find((one) => one.accountId === accountId && one.name === name)
  if (!found) throw fault('profileNotFound', name)
  return found
}
