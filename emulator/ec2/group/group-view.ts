import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import type { TagsOf } from '../tag/tags.ts'
import { egressRules, type Rule, type SecurityGroupRecord } from './group.ts'

const portsOf = (rule: Rule, which: 'fromPort' | 'toPort') => (/^[a-z]/.test(rule.protocol) ? rule[which] : undefined)
const cidrOf = ({ source }: Rule) => ('cidr' in source ? source.cidr : undefined)
const memberOf = ({ source }: Rule) => ('cidr' in source ? undefined : source)

/** A filter on what any of a group's rules has; rules that have nothing of the kind do not count. */
const ofRules =
  (read: (rule: Rule) => string | number | undefined) =>
  ({ rules }: SecurityGroupRecord) =>
    rules.map(read).filter((value) => value !== undefined)

/** The filters of DescribeSecurityGroups, those of Eucalyptus 4.4; no group is in a VPC. */
export const groupFilters: FilterTable<SecurityGroupRecord> = {
  description: ({ description }) => [description],
  'group-id': ({ id }) => [id],
  'group-name': ({ name }) => [name],
  'ip-permission.cidr': ofRules(cidrOf),
  'ip-permission.from-port': ofRules((rule) => portsOf(rule, 'fromPort')),
  'ip-permission.group-id': ofRules((rule) => memberOf(rule)?.groupId),
  'ip-permission.group-name': ofRules((rule) => memberOf(rule)?.groupName),
  'ip-permission.protocol': ofRules(({ protocol }) => protocol),
  'ip-permission.to-port': ofRules((rule) => portsOf(rule, 'toPort')),
  'ip-permission.user-id': ofRules((rule) => memberOf(rule)?.ownerId),
  'owner-id': ({ ownerId }) => [ownerId],
  'vpc-id': () => [],
}

/** Rules as permissions: one for each protocol and range of ports, with all of their sources. */
function permissions(cloud: Cloud, rules: readonly Rule[]): Answer[] {
  const alike = new Map<string, Rule[]>()
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`
    alike.set(key, [...(alike.get(key) ?? []), rule])
  }
  return [...alike.values()].flatMap((same) => {
    const [first] = same
    return first ? [permission(cloud, first, same)] : []
  })
}

function permission(cloud: Cloud, first: Rule, same: readonly Rule[]): { [name: string]: Answer } {
  return {
    ipProtocol: first.protocol,
    fromPort: portsOf(first, 'fromPort'),
    toPort: portsOf(first, 'toPort'),
    groups: same.flatMap(({ source, description }) =>
      'cidr' in source
        ? []
        : [{ userId: source.ownerId, groupName: source.groupName, groupId: source.groupId, description }],
    ),
    ipRanges: same.flatMap(({ source, description }) =>
      'cidr' in source ? [{ cidrIp: source.cidr, description }] : [],
    ),
    // Clients of AWS take these for granted.
    ...(cloud.settings.fidelity === 'aws' && { ipv6Ranges: [], prefixListIds: [] }),
  }
}

/** A group as DescribeSecurityGroups shows it. Eucalyptus shows what it lets out in a VPC alone. */
export function groupView(cloud: Cloud, group: SecurityGroupRecord, tags: TagsOf): { [name: string]: Answer } {
  return {
    ownerId: group.ownerId,
    groupName: group.name,
    groupId: group.id,
    groupDescription: group.description,
    ipPermissions: permissions(cloud, group.rules),
    ipPermissionsEgress: permissions(cloud, cloud.settings.fidelity === 'aws' ? egressRules(group) : []),
    tagSet: tags(group),
  }
}
