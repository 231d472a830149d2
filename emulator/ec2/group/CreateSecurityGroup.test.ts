import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { createGroup, rulesIn } from './group.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const described = { GroupDescription: 'a group' }

describe('shape', () => {
  test('without anything', async () =>
    expect(await eucalyptus.refusal('CreateSecurityGroup')).toBe(
      '400 MissingParameter: The request must contain the parameter GroupName, GroupDescription',
    ))
})

describe('refusals', () => {
  const invalid = (text: string, name: string, why: string) =>
    `400 InvalidParameterValue: Value (${text}) for parameter ${name} is invalid. ${why}`
  const same = (sentence: string): [string, string] => [sentence, sentence]
  const long = 'x'.repeat(256)
  const missing = '400 MissingParameter: The request must contain the parameter GroupName'
  const awsOnly = 'Valid characters are: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*'
  test.each<[string, Record<string, string>, string, string]>([
    ['no name', { GroupName: '' }, ...same(missing)],
    [
      'the name of an id',
      { GroupName: 'sg-web' },
      ...same(invalid('sg-web', 'GroupName', 'Group names may not be in the format sg-*')),
    ],
    ['256 characters', { GroupName: long }, ...same(invalid(long, 'GroupName', 'It may have 255 characters at most.'))],
    [
      'a name that is not ASCII',
      { GroupName: 'büro' },
      invalid('büro', 'GroupName', 'Valid characters are: ASCII'),
      invalid('büro', 'GroupName', awsOnly),
    ],
    [
      'a description that is not ASCII',
      { GroupName: 'office', GroupDescription: 'büro' },
      invalid('büro', 'GroupDescription', 'Valid characters are: ASCII'),
      invalid('büro', 'GroupDescription', awsOnly),
    ],
    [
      'a VPC',
      { GroupName: 'office', VpcId: 'vpc-12345678' },
      "400 InvalidVpcID.NotFound: The vpc ('vpc-12345678') was not found",
      "400 InvalidVpcID.NotFound: The vpc ID 'vpc-12345678' does not exist",
    ],
    [
      'the name of the default group',
      { GroupName: 'default' },
      "400 InvalidGroup.Duplicate: The security group 'default' already exists",
      '400 InvalidParameterValue: Cannot use reserved security group name: default',
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    const sent = { ...described, ...parameters }
    expect(await eucalyptus.refusal('CreateSecurityGroup', sent)).toBe(inEucalyptus)
    expect(await aws.refusal('CreateSecurityGroup', sent)).toBe(inAws)
  })

  test('characters that Eucalyptus alone allows', async () => {
    const GroupName = "the group's"
    expect(await aws.refusal('CreateSecurityGroup', { GroupName, ...described })).toMatch(/^400 InvalidParameterValue/)
    expect(await createGroup(eucalyptus, GroupName)).toMatch(/^sg-/)
  })

  test('a name that the account has', async () => {
    await createGroup(eucalyptus, 'twice')
    expect(await eucalyptus.refusal('CreateSecurityGroup', { GroupName: 'twice', ...described })).toBe(
      "400 InvalidGroup.Duplicate: The security group 'twice' already exists",
    )
    expect(await createGroup(eucalyptus, 'twice', await eucalyptus.account('other'))).toMatch(/^sg-/)
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('an id of %s, and no rules', async (fidelity) => {
    const it = clouds[fidelity]
    const answer = await it.call('CreateSecurityGroup', { GroupName: 'web & mail', GroupDescription: 'ports (80, 25)' })
    expect(answer).toMatchObject({ return: 'true' })
    const GroupId = theText(answer, 'groupId')
    expect(GroupId).toMatch(fidelity === 'aws' ? /^sg-[0-9a-f]{17}$/ : /^sg-[0-9a-f]{8}$/)
    const [group = ''] = items(await it.call('DescribeSecurityGroups', { 'GroupId.1': GroupId }), 'securityGroupInfo')
    expect(group).toMatchObject({ groupName: 'web & mail', groupDescription: 'ports (80, 25)' })
    expect(await rulesIn(it, { GroupId })).toEqual([])
  })
})
