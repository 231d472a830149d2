import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, type TestCloud } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const both = ['eucalyptus', 'aws'] as const
const http = { FromPort: '80', ToPort: '80' }

/** A group with tcp 22 from two ranges, tcp 80 from everywhere and udp 53 from itself. */
async function group(it: TestCloud, name: string): Promise<string> {
  const GroupId = await createGroup(it, name)
  await it.call('AuthorizeSecurityGroupIngress', {
    GroupId,
    ...permission({ 'IpRanges.2.CidrIp': '10.0.0.0/8' }, 1),
    ...permission(http, 2),
    ...permission(
      { IpProtocol: 'udp', FromPort: '53', ToPort: '53', 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupId': GroupId },
      3,
    ),
  })
  return GroupId
}

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await clouds.aws.refusal('RevokeSecurityGroupIngress', { Colour: 'red' })).toBe(
      '400 UnknownParameter: The parameter Colour is not recognized',
    ))
})

describe('refusals', () => {
  test.each(both)('a group that is not there in %s', async (fidelity) =>
    expect(await clouds[fidelity].refusal('RevokeSecurityGroupIngress', { GroupName: 'nobody', ...permission() })).toBe(
      "400 InvalidGroup.NotFound: The security group 'nobody' does not exist",
    ),
  )

  test.each(both)('a range that is none in %s', async (fidelity) => {
    const GroupId = await createGroup(clouds[fidelity], 'ranges')
    const rule = permission({ 'IpRanges.1.CidrIp': 'everywhere' })
    expect(await clouds[fidelity].refusal('RevokeSecurityGroupIngress', { GroupId, ...rule })).toMatch(
      fidelity === 'aws'
        ? /^400 InvalidParameterValue: CIDR block/
        : /^400 InvalidPermission.Malformed: Invalid IP range/,
    )
  })

  test.each(both)('no source in %s', async (fidelity) => {
    const GroupId = await createGroup(clouds[fidelity], 'sourceless')
    const rule = permission({ 'IpRanges.1.CidrIp': undefined })
    expect(await clouds[fidelity].refusal('RevokeSecurityGroupIngress', { GroupId, ...rule })).toMatch(
      fidelity === 'aws'
        ? /^400 MissingParameter/
        : /^400 InvalidPermission.Malformed: Invalid Ip Permissions: {2}must/,
    )
  })

  test('a rule that the group does not have: passed over in Eucalyptus, in AWS nothing is revoked', async () => {
    const rules = { ...permission(http, 1), ...permission({ FromPort: '443', ToPort: '443' }, 2) }
    const mine = await group(clouds.eucalyptus, 'absent')
    const answer = await clouds.eucalyptus.call('RevokeSecurityGroupIngress', { GroupId: mine, ...rules })
    expect(answer).toMatchObject({ return: 'true' })
    expect(await rulesIn(clouds.eucalyptus, { GroupId: mine })).toHaveLength(2)
    const other = await group(clouds.aws, 'absent')
    expect(await clouds.aws.refusal('RevokeSecurityGroupIngress', { GroupId: other, ...rules })).toBe(
      '400 InvalidPermission.NotFound: The specified rule does not exist in this security group.',
    )
    expect(await rulesIn(clouds.aws, { GroupId: other })).toHaveLength(3)
  })

  test('a source group that is not there: passed over in Eucalyptus', async () => {
    const rule = permission({ 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupName': 'nobody' })
    const mine = await group(clouds.eucalyptus, 'no source')
    await clouds.eucalyptus.call('RevokeSecurityGroupIngress', { GroupId: mine, ...rule })
    expect(await rulesIn(clouds.eucalyptus, { GroupId: mine })).toHaveLength(3)
    const other = await group(clouds.aws, 'no source')
    expect(await clouds.aws.refusal('RevokeSecurityGroupIngress', { GroupId: other, ...rule })).toBe(
      "400 InvalidGroup.NotFound: The security group 'nobody' does not exist",
    )
  })
})

describe.each(both)('effect in %s', (fidelity) => {
  const it = clouds[fidelity]
  test.each<[string, (id: string) => Record<string, string>, string[]]>([
    ['one source of two', () => permission(), ['tcp 22-22 10.0.0.0/8', 'tcp 80-80 0.0.0.0/0', 'udp 53-53 NAME']],
    [
      'a range that begins within',
      () => permission({ 'IpRanges.1.CidrIp': '10.9.8.7/8' }),
      ['tcp 22-22 0.0.0.0/0', 'tcp 80-80 0.0.0.0/0', 'udp 53-53 NAME'],
    ],
    [
      'flat',
      () => ({ IpProtocol: '6', ...http, CidrIp: '0.0.0.0/0' }),
      ['tcp 22-22 0.0.0.0/0 10.0.0.0/8', 'udp 53-53 NAME'],
    ],
    [
      'a group',
      (id) =>
        permission({
          IpProtocol: 'udp',
          FromPort: '53',
          ToPort: '53',
          'IpRanges.1.CidrIp': undefined,
          'Groups.1.GroupId': id,
        }),
      ['tcp 22-22 0.0.0.0/0 10.0.0.0/8', 'tcp 80-80 0.0.0.0/0'],
    ],
  ])('%s', async (title, parameters, expected) => {
    const GroupId = await group(it, title)
    expect(await it.call('RevokeSecurityGroupIngress', { GroupId, ...parameters(GroupId) })).toMatchObject({
      return: 'true',
    })
    expect(await rulesIn(it, { GroupId })).toEqual(expected.map((line) => line.replace('NAME', title)))
  })

  test('a rule that is gone may be given again', async () => {
    const GroupId = await group(it, 'again')
    await it.call('RevokeSecurityGroupIngress', { GroupId, ...permission(http) })
    expect(await it.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission(http) })).toMatchObject({
      return: 'true',
    })
    expect(await rulesIn(it, { GroupId })).toContain('tcp 80-80 0.0.0.0/0')
  })
})
