import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, freshCloud, items, theText } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const alice = await it.account('alice')
const web = await createGroup(it, 'web')
const mail = await createGroup(it, 'mail')
const hers = await createGroup(it, 'hers', alice)
const rules = [
  permission({ FromPort: '80', ToPort: '81', 'IpRanges.2.CidrIp': '10.0.0.0/8' }, 1),
  permission({ IpProtocol: 'udp', 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupId': hers }, 2),
]
await it.call('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...rules[0], ...rules[1] })

const names = async (parameters: Record<string, string>, as = it.administrator) =>
  items(await it.call('DescribeSecurityGroups', parameters, as), 'securityGroupInfo')
    .map((group) => theText(group, 'groupName'))
    .sort()

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await it.refusal('DescribeSecurityGroups', { GroupNames: 'x' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nGroupNames',
    ))
})

describe('refusals', () => {
  test.each([
    ['no id', { 'GroupId.1': 'web' }, '400 InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")'],
    [
      'an id that no group has',
      { 'GroupId.1': 'sg-00000000' },
      "400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
    ],
    [
      'an unknown filter',
      { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' },
      "500 InternalFailure: The filter 'colour' is invalid.",
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await it.refusal('DescribeSecurityGroups', parameters)).toBe(refusal),
  )

  test("another account's group", async () => {
    expect(await it.refusal('DescribeSecurityGroups', { 'GroupId.1': web }, alice)).toBe(
      `400 InvalidGroup.NotFound: The security group '${web}' does not exist`,
    )
    expect(await names({ 'GroupName.1': 'web' }, alice)).toEqual([])
  })

  test('a name that no group has: nothing in Eucalyptus, a fault in AWS', async () => {
    expect(await names({ 'GroupName.1': 'mail', 'GroupName.2': 'nobody' })).toEqual(['mail'])
    expect(await clouds.aws.refusal('DescribeSecurityGroups', { 'GroupName.1': 'nobody' })).toBe(
      "400 InvalidGroup.NotFound: The security group 'nobody' does not exist",
    )
  })
})

describe('effect', () => {
  const filter = (name: string, value: string) => ({ 'Filter.1.Name': name, 'Filter.1.Value.1': value })
  test.each<[string, Record<string, string>, string[]]>([
    ['own groups', {}, ['default', 'mail', 'web']],
    ['by name', { 'GroupName.1': 'web' }, ['web']],
    ['by id, in capitals', { 'GroupId.1': mail.toUpperCase() }, ['mail']],
    ['by name and id', { 'GroupName.1': 'web', 'GroupId.1': mail }, ['mail', 'web']],
    ['by id for administrators', { 'GroupId.1': hers }, ['hers']],
    ['verbose', { 'GroupName.1': 'verbose' }, ['default', 'default', 'hers', 'mail', 'web']],
    ['group-name', filter('group-name', 'ma*'), ['mail']],
    ['group-id', filter('group-id', web), ['web']],
    ['description', filter('description', 'of a test'), ['mail', 'web']],
    ['owner-id', filter('owner-id', alice.accountId), []],
    ['ip-permission.cidr', filter('ip-permission.cidr', '10.0.0.0/8'), ['web']],
    ['ip-permission.from-port', filter('ip-permission.from-port', '80'), ['web']],
    ['ip-permission.to-port', filter('ip-permission.to-port', '80'), []],
    ['ip-permission.protocol', filter('ip-permission.protocol', 'udp'), ['web']],
    ['ip-permission.group-id', filter('ip-permission.group-id', hers), ['web']],
    ['ip-permission.group-name', filter('ip-permission.group-name', 'hers'), ['web']],
    ['ip-permission.user-id', filter('ip-permission.user-id', alice.accountId), ['web']],
    ['vpc-id', filter('vpc-id', '*'), []],
  ])('%s', async (_title, parameters, expected) => expect(await names(parameters)).toEqual(expected))

  test('permissions of the same ports are one, with all of their sources', async () =>
    expect(await it.call('DescribeSecurityGroups', { 'GroupId.1': web })).toMatchObject({
      securityGroupInfo: [
        {
          ownerId: it.administrator.accountId,
          groupName: 'web',
          groupId: web,
          groupDescription: 'of a test',
          ipPermissions: [
            {
              ipProtocol: 'tcp',
              fromPort: '80',
              toPort: '81',
              ipRanges: [{ cidrIp: '0.0.0.0/0' }, { cidrIp: '10.0.0.0/8' }],
            },
            { ipProtocol: 'udp', groups: [{ userId: alice.accountId, groupName: 'hers', groupId: hers }] },
          ],
        },
      ],
    }))
})

describe('the default group', () => {
  test('lets nothing in in Eucalyptus, its members in AWS', async () => {
    expect(await rulesIn(clouds.eucalyptus, { GroupName: 'default' })).toEqual([])
    expect(await rulesIn(clouds.aws, { GroupName: 'default' })).toEqual(['-1 - default'])
  })

  test('is made when it is first looked for, once for each account', async () => {
    const fresh = await freshCloud()
    expect(fresh.cloud.groups.list()).toEqual([])
    const look = () => fresh.call('DescribeSecurityGroups')
    await Promise.all([look(), look(), look()])
    expect(fresh.cloud.groups.list()).toMatchObject([{ name: 'default', description: 'default group' }])
    const other = await fresh.account('other')
    await fresh.call('DescribeSecurityGroups', {}, other)
    expect(fresh.cloud.groups.list().map(({ ownerId }) => ownerId)).toEqual(
      expect.arrayContaining([fresh.administrator.accountId, other.accountId]),
    )
  })

  test('outlives the emulator, with the rules that it got', async () => {
    const fresh = await freshCloud()
    await fresh.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', ...permission() })
    const next = await fresh.restart('crash')
    expect(await rulesIn(next, { GroupName: 'default' })).toEqual(['tcp 22-22 0.0.0.0/0'])
    expect(next.cloud.groups.list()).toHaveLength(1)
  })
})
