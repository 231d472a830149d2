import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { makeProfile, makeRole, sessionOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds
const images = { eucalyptus: await it.register(), aws: await aws.register() }
for (const cloud of [it, aws]) await makeRole(cloud, 'web', [])
for (const cloud of [it, aws]) {
  await makeProfile(cloud, 'web')
  await cloud.call('CreateInstanceProfile', { InstanceProfileName: 'empty', Path: '/a/' })
}
const arnOf = (fidelity: keyof typeof clouds, name = 'web') =>
  `arn:aws:iam::${clouds[fidelity].administrator.accountId}:instance-profile/${name}`
const launch = (fidelity: keyof typeof clouds, profile: Record<string, string>) => ({
  ImageId: images[fidelity],
  MinCount: '1',
  MaxCount: '1',
  ...Object.fromEntries(Object.entries(profile).map(([name, value]) => [`IamInstanceProfile.${name}`, value])),
})
const refusal = (fidelity: keyof typeof clouds, profile: Record<string, string>) =>
  clouds[fidelity].refusal('RunInstances', launch(fidelity, profile))

describe('an instance profile is refused', () => {
  test('that is not there', async () => {
    const { accountId } = it.administrator
    expect(await refusal('eucalyptus', { Name: 'x' })).toBe(
      `400 InvalidParameterValue: Invalid IAM instance profile: ${accountId}/x`,
    )
    expect(await refusal('eucalyptus', { Arn: 'arn:x' })).toBe(
      '400 InvalidParameterValue: Invalid IAM instance profile ARN: arn:x',
    )
    expect(await refusal('aws', { Name: 'x' })).toBe(
      '400 InvalidParameterValue: Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
    )
    expect(await refusal('aws', { Arn: arnOf('aws', 'x') })).toBe(
      `400 InvalidParameterValue: Value (${arnOf('aws', 'x')}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`,
    )
  })

  test('of another account', async () => {
    const alice = await it.account('alice')
    const ImageId = await it.register({ as: alice })
    const parameters = { ...launch('eucalyptus', { Arn: arnOf('eucalyptus') }), ImageId }
    expect(await it.refusal('RunInstances', parameters, alice)).toContain('400 InvalidParameterValue')
  })

  test('by two names, unless they mean the same in Eucalyptus', async () => {
    expect(await refusal('aws', { Name: 'web', Arn: arnOf('aws') })).toContain('400 InvalidParameterCombination')
    expect(await refusal('eucalyptus', { Name: 'empty', Arn: arnOf('eucalyptus') })).toBe(
      `400 InvalidParameterValue: Invalid IAM instance profile name 'empty' for ARN: ${arnOf('eucalyptus')}`,
    )
    const both = { Name: 'web', Arn: arnOf('eucalyptus') }
    expect(await it.call('RunInstances', launch('eucalyptus', both))).toBeDefined()
  })

  test('without a role', async () => {
    expect(await refusal('eucalyptus', { Name: 'empty' })).toBe(
      `400 InvalidParameterValue: Role not found for IAM instance profile ARN: ${arnOf('eucalyptus', 'a/empty')}`,
    )
    expect(await refusal('aws', { Arn: arnOf('aws', 'a/empty') })).toBe(
      `400 InvalidParameterValue: IAM Instance Profile "${arnOf('aws', 'a/empty')}" has no associated IAM Roles`,
    )
  })

  test.each(['eucalyptus', 'aws'] as const)('to who may not pass its role on, in %s', async (fidelity) => {
    const cloud = clouds[fidelity]
    const parameters = launch(fidelity, { Name: 'web' })
    const may = (...passed: string[]) => sessionOf(cloud, ['ec2:RunInstances', ...passed])
    expect(await cloud.refusal('RunInstances', parameters, await may())).toContain('403 UnauthorizedOperation')
    expect(await cloud.call('RunInstances', parameters, await may('iam:PassRole'))).toBeDefined()
  })
})

describe('an instance', () => {
  test.each(['eucalyptus', 'aws'] as const)('shows the profile that it was launched with, in %s', async (fidelity) => {
    const cloud = clouds[fidelity]
    const profile = { arn: arnOf(fidelity), id: expect.stringMatching(/^AIPAA[A-Z2-7]{16}$/) }
    for (const named of [{ Name: 'web' }, { Arn: arnOf(fidelity) }]) {
      const [launched] = items(await cloud.call('RunInstances', launch(fidelity, named)), 'instancesSet')
      expect(launched).toMatchObject({ iamInstanceProfile: profile })
      const answer = await cloud.call('DescribeInstances', {
        'InstanceId.1': theText(launched, 'instanceId'),
        'Filter.1.Name': 'iam-instance-profile.arn',
        'Filter.1.Value.1': arnOf(fidelity),
      })
      const [shown] = items(items(answer, 'reservationSet')[0] ?? '', 'instancesSet')
      expect(shown).toMatchObject({ iamInstanceProfile: profile })
    }
  })

  test('without one shows none', async () => {
    const [launched] = items(await it.call('RunInstances', launch('eucalyptus', {})), 'instancesSet')
    expect(launched).not.toHaveProperty('iamInstanceProfile')
  })
})
