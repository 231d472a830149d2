import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import type { InstanceRecord } from './instance.ts'

/** How a launch names an instance profile. */
interface Named {
  readonly Arn: string | undefined
  readonly Name: string | undefined
}

/**
 * The instance profile of a launch: the caller's, with a role that the caller may pass on. Undefined when neither a name
 * nor an ARN was sent. Throws the faults (VerifyMetadata).
 */
export function launchProfile(
  { settings, instanceProfiles, roles }: Cloud,
  draft: Draft,
  { Arn, Name }: Named,
  { accountId, role: callerRole }: Caller,
): InstanceRecord['instanceProfile'] {
  if (Arn === undefined && Name === undefined) return undefined
  const own = instanceProfiles
    .in(draft)
    .list()
    .filter((profile) => profile.accountId === accountId)
  const profile = own.find(({ arn, name }) => (Arn === undefined ? name === Name : arn === Arn))
  if (Arn !== undefined && Name !== undefined && (settings.fidelity === 'aws' || (profile && profile.name !== Name))) {
    throw fault('profileNames', Name, Arn)
  }
  if (!profile) throw Arn === undefined ? fault('profileName', Name ?? '', accountId) : fault('profileArn', Arn)
  const role = profile.roleId === undefined ? undefined : roles.in(draft).get(profile.roleId)
  if (!role) throw fault('profileWithoutRole', profile.arn)
  if (callerRole && !callerRole.may('iam:PassRole', { arn: role.arn }))
    throw fault('roleNotPassed', role.arn, accountId)
  return { arn: profile.arn, id: profile.id }
}
