import type { Fidelity } from '../../../src/protocol/faults.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { canonicalCidr } from './cidr.ts'
import { defaultGroup, defaultGroupName, groupId, groupNamed, type Rule, type Source } from './group.ts'
import type { Asked } from './permission-request.ts'
import { portsOf, protocolOf } from './protocol.ts'

/**
 * The rules that permissions ask for, within a change: for each of them one for each source. Throws the faults for what
 * is malformed, and for a source group that is not there unless Eucalyptus is to revoke it.
 */
export function rulesOf(
  cloud: Cloud,
  draft: Draft,
  permissions: readonly Asked[],
  caller: Caller,
  purpose: 'authorize' | 'revoke',
): Rule[][] {
  const { fidelity } = cloud.settings
  return permissions.map((permission) => {
    const sources = sourcesOf(cloud, draft, permission, caller, purpose)
    if (!sources.length) {
      // EUCA-5934: what has no source is let through, as there is nothing to allow.
      if (fidelity === 'eucalyptus' && purpose === 'authorize') return []
      throw fault('permissionSourceMissing')
    }
    const protocol = protocolOf(permission.IpProtocol, fidelity)
    const highest = allOfGroup(permission, protocol, fidelity) ? 65_535 : permission.ToPort
    const ports = portsOf(protocol, permission.FromPort, highest)
    return sources.map((source) => ({ protocol, ...ports, ...source }))
  })
}

/** Some clients leave the ports of a group at 0 and mean all of them; Eucalyptus takes it so, AWS means port 0. */
const allOfGroup = ({ Groups, FromPort, ToPort }: Asked, protocol: string, fidelity: Fidelity) =>
  fidelity === 'eucalyptus' && protocol !== 'icmp' && Groups.length > 0 && FromPort === 0 && ToPort === 0

/**
 * The sources of a permission. Eucalyptus takes no notice of its ranges when it has groups, and must not: euca2ools adds
 * 0.0.0.0/0 to every permission for a group.
 */
function sourcesOf(
  cloud: Cloud,
  draft: Draft,
  { Groups, IpRanges }: Asked,
  caller: Caller,
  purpose: 'authorize' | 'revoke',
): Pick<Rule, 'source' | 'description'>[] {
  const groups = Groups.map((group) => ({
    source: sourceGroup(cloud, draft, group, caller, purpose),
    ...(group.Description !== undefined && { description: group.Description }),
  }))
  if (groups.length && cloud.settings.fidelity === 'eucalyptus') return groups
  const ranges = IpRanges.map(({ CidrIp, Description }) => {
    const cidr = canonicalCidr(CidrIp)
    if (cidr === undefined) throw fault('cidrInvalid', CidrIp)
    return { source: { cidr }, ...(Description !== undefined && { description: Description }) }
  })
  return [...groups, ...ranges]
}

/** A group of any account, as a source. */
function sourceGroup(
  cloud: Cloud,
  draft: Draft,
  { UserId, GroupName, GroupId }: Asked['Groups'][number],
  caller: Caller,
  purpose: 'authorize' | 'revoke',
): Source {
  const ownerId = UserId ?? caller.accountId
  if (GroupId === undefined && GroupName === undefined) throw fault('sourceGroupUnnamed')
  const id = GroupId === undefined ? undefined : groupId(GroupId)
  const group = id === undefined ? named(cloud, draft, ownerId, GroupName ?? '') : cloud.groups.in(draft).get(id)
  if (group) return { groupId: group.id, ownerId: group.ownerId, groupName: group.name }
  // A group may be deleted in Eucalyptus while rules name it; those must still go.
  if (purpose === 'revoke' && cloud.settings.fidelity === 'eucalyptus') {
    return { groupId: id ?? '', ownerId, groupName: GroupName ?? '' }
  }
  throw fault('groupNotFound', GroupId ?? GroupName ?? '')
}

function named(cloud: Cloud, draft: Draft, ownerId: string, name: string) {
  const isDefault = name === defaultGroupName && cloud.accounts.byId(ownerId) !== undefined
  return isDefault ? defaultGroup(cloud, draft, ownerId) : groupNamed(cloud, draft, ownerId, name)
}
