import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'

/** Where the traffic of a rule comes from, or goes to when the rule lets it out: an IPv4 range, or a group's members. */
export type Source =
  | { readonly cidr: string }
  | {
      readonly groupId: string
      readonly ownerId: string
      /** The name that the group had: Eucalyptus still shows it when that group is deleted. */
      readonly groupName: string
    }

/** One thing that a group lets in, or out. There is one rule for each source, however many a request lists. */
export interface Rule {
  /** `tcp`, `udp`, `icmp`, `-1` for all, or the number of another protocol. */
  readonly protocol: string
  /** Ports of tcp and udp; type and code of icmp, where -1 is any; -1 for all other protocols, which have neither. */
  readonly fromPort: number
  readonly toPort: number
  readonly source: Source
  readonly description?: string
}

/** A security group: what its members' network lets in and out. */
export interface SecurityGroupRecord {
  readonly id: string
  readonly ownerId: string
  /** Unique in an account. */
  readonly name: string
  readonly description: string
  /** What it lets in. */
  readonly rules: readonly Rule[]
  /** What it lets out; everything where nobody ever said, which is all that Eucalyptus has without a VPC. */
  readonly egress?: readonly Rule[]
}

const everythingOut: Rule = { protocol: '-1', fromPort: -1, toPort: -1, source: { cidr: '0.0.0.0/0' } }

/** What a group lets out. */
export const egressRules = ({ egress = [everythingOut] }: SecurityGroupRecord): readonly Rule[] => egress

/** What makes two rules the same: all but the description, and of a group its id. */
export const ruleKey = ({ protocol, fromPort, toPort, source }: Rule): string =>
  `${protocol} ${fromPort} ${toPort} ${'cidr' in source ? source.cidr : source.groupId}`

/** The group that each account has, and that instances are in which are launched without a group. */
export const defaultGroupName = 'default'

const groupSyntax = /^sg-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

/** A group id in lower case. Throws the fault for what is not one. */
export function groupId(id: string): string {
  const lower = id.toLowerCase()
  if (!groupSyntax.test(lower)) throw fault('groupIdMalformed', id)
  return lower
}

/** The account's group of that name, within a change. */
export function groupNamed(cloud: Cloud, draft: Draft, ownerId: string, name: string): SecurityGroupRecord | undefined {
  const groups = cloud.groups.in(draft).list()
  return groups.find((group) => group.ownerId === ownerId && group.name === name)
}

/**
 * The account's default group, made within the change when it is not there yet (eucalyptus-behaviour.md section 13). It
 * lets nothing in from outside; in AWS its members may talk to each other, in Eucalyptus without a VPC they may not.
 */
export function defaultGroup(cloud: Cloud, draft: Draft, accountId: string): SecurityGroupRecord {
  const there = groupNamed(cloud, draft, accountId, defaultGroupName)
  if (there) return there
  const id = cloud.ids.resource('sg')
  const members: Rule = {
    protocol: '-1',
    fromPort: -1,
    toPort: -1,
    source: { groupId: id, ownerId: accountId, groupName: defaultGroupName },
  }
  const aws = cloud.settings.fidelity === 'aws'
  const group: SecurityGroupRecord = {
    id,
    ownerId: accountId,
    name: defaultGroupName,
    description: aws ? 'default VPC security group' : 'default group',
    rules: aws ? [members] : [],
  }
  cloud.groups.in(draft).put(group)
  return group
}

/**
 * The group that a request names, within a change; the name wins when both are given. Names are looked up in the caller's
 * account, ids too unless an administrator asks. Throws the faults for a group that is not there.
 */
export function findGroup(
  cloud: Cloud,
  draft: Draft,
  { GroupId, GroupName }: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined },
  caller: Caller,
): SecurityGroupRecord {
  if (GroupName === defaultGroupName) return defaultGroup(cloud, draft, caller.accountId)
  if (GroupName !== undefined) {
    const named = groupNamed(cloud, draft, caller.accountId, GroupName)
    if (!named) throw fault('groupNotFound', GroupName)
    return named
  }
  if (GroupId === undefined) throw fault('groupUnnamed')
  const group = cloud.groups.in(draft).get(groupId(GroupId))
  if (!group || !(group.ownerId === caller.accountId || caller.administrator)) throw fault('groupNotFound', GroupId)
  return group
}

/** Tells the network that rules have changed. Operations call it after every change of rules. */
export function rulesChanged(cloud: Cloud): void {
  cloud.network.rulesChanged()
}
