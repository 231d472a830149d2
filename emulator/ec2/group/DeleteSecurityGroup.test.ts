import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, type TestCloud } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const inUse = {
  eucalyptus: () => '400 InvalidGroup.InUse: Specified group cannot be deleted because it is in use.',
  aws: (id: string) => `400 DependencyViolation: resource ${id} has a dependent object`,
}

/** Launches an instance and puts it into a group. */
async function member(it: TestCloud, group: string): Promise<string> {
  const id = await it.run()
  await it.idle()
  await it.cloud.store.change((draft) => {
    const instances = it.cloud.instances.in(draft)
    const put = { ...instances.get(id)!, groupIds: [group] }
    instances.put(put)
  })
  return id
}

describe('shape', () => {
  test('without a group', async () => {
    expect(await eucalyptus.refusal('DeleteSecurityGroup')).toBe('500 InternalFailure: Group id or name required')
    expect(await aws.refusal('DeleteSecurityGroup')).toBe(
      '400 MissingParameter: The request must contain the parameter groupName or groupId',
    )
  })
})

describe('refusals', () => {
  test.each([
    ['no id', { GroupId: 'nobody' }, '400 InvalidGroupId.Malformed: Invalid id: "nobody" (expecting "sg-...")'],
    [
      'an id that no group has',
      { GroupId: 'sg-00000000' },
      "400 InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
    ],
    [
      'a name that no group has',
      { GroupName: 'nobody' },
      "400 InvalidGroup.NotFound: The security group 'nobody' does not exist",
    ],
  ])('%s', async (_title, parameters, refusal) => {
    expect(await eucalyptus.refusal('DeleteSecurityGroup', parameters)).toBe(refusal)
    expect(await aws.refusal('DeleteSecurityGroup', parameters)).toBe(refusal)
  })

  test('the default group', async () => {
    expect(await eucalyptus.refusal('DeleteSecurityGroup', { GroupName: 'default' })).toBe(
      "400 InvalidGroup.Reserved: The security group 'default' is reserved",
    )
    expect(await aws.refusal('DeleteSecurityGroup', { GroupName: 'default' })).toMatch(
      /^400 CannotDelete: the specified group: "sg-[0-9a-f]{17}" name: "default" cannot be deleted by a user$/,
    )
  })

  test("another account's group", async () => {
    const other = await eucalyptus.account('other')
    const GroupId = await createGroup(eucalyptus, 'not yours')
    for (const group of [{ GroupId }, { GroupName: 'not yours' }]) {
      expect(await eucalyptus.refusal('DeleteSecurityGroup', group, other)).toMatch(/^400 InvalidGroup.NotFound/)
    }
  })

  test.each(['eucalyptus', 'aws'] as const)('a group with an instance in %s, until it has ended', async (fidelity) => {
    const it = clouds[fidelity]
    const GroupId = await createGroup(it, 'crowded')
    const instance = await member(it, GroupId)
    expect(await it.refusal('DeleteSecurityGroup', { GroupId })).toBe(inUse[fidelity](GroupId))
    await it.call('TerminateInstances', { 'InstanceId.1': instance })
    await it.idle()
    expect(await it.call('DeleteSecurityGroup', { GroupId })).toMatchObject({ return: 'true' })
  })
})

describe('effect', () => {
  test('it is gone, and its name is free', async () => {
    const GroupId = await createGroup(eucalyptus, 'gone')
    expect(await eucalyptus.call('DeleteSecurityGroup', { GroupName: 'gone' })).toMatchObject({ return: 'true' })
    expect(await eucalyptus.refusal('DescribeSecurityGroups', { 'GroupId.1': GroupId })).toMatch(
      /InvalidGroup.NotFound/,
    )
    expect(await createGroup(eucalyptus, 'gone')).not.toBe(GroupId)
  })

  test('administrators delete those of others, by id', async () => {
    const GroupId = await createGroup(eucalyptus, 'theirs', await eucalyptus.account('third'))
    expect(await eucalyptus.call('DeleteSecurityGroup', { GroupId })).toMatchObject({ return: 'true' })
  })

  test('one that a rule names: Eucalyptus leaves the rule, AWS the group', async () => {
    for (const it of [eucalyptus, aws]) {
      const source = await createGroup(it, 'source')
      await createGroup(it, 'target')
      const rule = permission({ 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupId': source })
      await it.call('AuthorizeSecurityGroupIngress', { GroupName: 'target', ...rule })
      if (it === aws) {
        expect(await it.refusal('DeleteSecurityGroup', { GroupId: source })).toBe(inUse.aws(source))
      } else {
        await it.call('DeleteSecurityGroup', { GroupId: source })
        expect(await rulesIn(it, { GroupName: 'target' })).toEqual(['tcp 22-22 source'])
      }
      await it.call('RevokeSecurityGroupIngress', { GroupName: 'target', ...rule })
      expect(await rulesIn(it, { GroupName: 'target' })).toEqual([])
    }
  })

  test('a rule of its own does not keep it', async () => {
    const GroupId = await createGroup(aws, 'selfish')
    const rule = permission({ 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupId': GroupId })
    await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...rule })
    expect(await aws.call('DeleteSecurityGroup', { GroupId })).toMatchObject({ return: 'true' })
  })
})
