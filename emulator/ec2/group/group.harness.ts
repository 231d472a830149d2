import type { Caller } from '../../../src/protocol/operation.ts'
import { deep, items, type TestCloud, theText } from '../../cloud.harness.ts'

/** Makes a group of that name; resolves with its id. */
export async function createGroup(it: TestCloud, GroupName: string, as?: Caller): Promise<string> {
  return theText(await it.call('CreateSecurityGroup', { GroupName, GroupDescription: 'of a test' }, as), 'groupId')
}

/** What a group lets in, or out, as DescribeSecurityGroups tells it, a line for each permission: `tcp 22-22 0.0.0.0/0`. */
export async function rulesIn(
  it: TestCloud,
  group: { GroupName: string } | { GroupId: string },
  which: 'ipPermissions' | 'ipPermissionsEgress' = 'ipPermissions',
): Promise<string[]> {
  const parameters = Object.fromEntries(Object.entries(group).map(([name, value]) => [`${name}.1`, value]))
  const answer = await it.call('DescribeSecurityGroups', parameters)
  return items(deep(answer, 'securityGroupInfo', '0') ?? '', which).map((permission) => {
    const names = items(permission, 'groups').map((one) => deep(one, 'groupName'))
    const ranges = items(permission, 'ipRanges').map((range) => deep(range, 'cidrIp'))
    const ports = `${deep(permission, 'fromPort') ?? ''}-${deep(permission, 'toPort') ?? ''}`
    return [theText(permission, 'ipProtocol'), ports, ...names, ...ranges].join(' ')
  })
}

/** The parameters of one permission of the first form: tcp 22 from everywhere unless told otherwise. */
export function permission(fields: Record<string, string | undefined> = {}, number = 1): Record<string, string> {
  const all = { IpProtocol: 'tcp', FromPort: '22', ToPort: '22', 'IpRanges.1.CidrIp': '0.0.0.0/0', ...fields }
  const sent = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[`IpPermissions.${number}.${name}`, value]],
  )
  return Object.fromEntries(sent)
}
