import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, theText } from '../../cloud.harness.ts'
import { assume, behind, makeRole, policy, sessionOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds
const RoleSessionName = 'a-session'
const roles = { eucalyptus: await makeRole(it, 'role', []), aws: await makeRole(aws, 'role', []) }
const RoleArn = roles.eucalyptus
const denied = '403 AccessDenied: Not authorized to perform sts:AssumeRole'

describe('shape', () => {
  test('a role and a name are needed', async () =>
    expect(await it.refusal('AssumeRole')).toBe(
      '400 MissingParameter: The request must contain the parameter RoleArn, RoleSessionName',
    ))

  test.each([{ Policy: '{}' }, { ExternalId: 'x' }])('%j is not evaluated, and so refused', async (also) =>
    expect(await it.refusal('AssumeRole', { RoleArn, RoleSessionName, ...also })).toContain('400 400 Bad Request'),
  )
})

describe('refusals', () => {
  test.each(['x', 'a b', 'x'.repeat(65)])('the name %j', async (name) => {
    expect(await it.refusal('AssumeRole', { RoleArn, RoleSessionName: name })).toBe(
      '400 ValidationError: Invalid role session name',
    )
    expect(await aws.refusal('AssumeRole', { RoleArn: roles.aws, RoleSessionName: name })).toContain(
      `400 ValidationError: 1 validation error detected: Value '${name}' at 'roleSessionName'`,
    )
  })

  test.each(['role', 'arn:aws:iam::000000000000:role/role', `${RoleArn}x`, RoleArn.replace('/role', '/a/role')])(
    'the role %s, which is not there',
    async (arn) => expect(await it.refusal('AssumeRole', { RoleArn: arn, RoleSessionName })).toBe(denied),
  )

  test('a role that does not trust who asks', async () => {
    const alice = await aws.account('alice')
    expect(await it.refusal('AssumeRole', { RoleArn, RoleSessionName }, await it.account('alice'))).toBe(denied)
    expect(await aws.refusal('AssumeRole', { RoleArn: roles.aws, RoleSessionName }, alice)).toBe(
      `403 AccessDenied: User: arn:aws:iam::${alice.accountId}:user/admin is not authorized to perform: sts:AssumeRole on resource: ${roles.aws}`,
    )
  })

  test.each([
    ['899', 'minimum permitted duration is 900 seconds.'],
    ['3601', 'maximum permitted duration is 3600 seconds.'],
  ])('%s seconds', async (DurationSeconds, sentence) => {
    expect(await it.refusal('AssumeRole', { RoleArn, RoleSessionName, DurationSeconds })).toBe(
      `400 ValidationError: Invalid duration requested, ${sentence}`,
    )
    expect(await aws.refusal('AssumeRole', { RoleArn: roles.aws, RoleSessionName, DurationSeconds })).toBe(
      `400 ValidationError: The requested DurationSeconds is not valid: ${sentence}`,
    )
  })

  test('a session of another role, in Eucalyptus', async () => {
    const session = await sessionOf(it, ['sts:AssumeRole'])
    expect(await it.refusal('AssumeRole', { RoleArn, RoleSessionName }, session)).toBe(
      '403 MissingAuthenticationToken: Temporary credential not permitted.',
    )
  })

  test('a session whose policies do not allow it, in AWS', async () =>
    expect(
      await aws.refusal('AssumeRole', { RoleArn: roles.aws, RoleSessionName }, await sessionOf(aws, [])),
    ).toContain('403 AccessDenied'))
})

describe('effect', () => {
  test.each([
    ['eucalyptus', /^AKIAA/],
    ['aws', /^ASIAA/],
  ] as const)('credentials of the role, in %s', async (fidelity, form) => {
    const cloud = clouds[fidelity]
    const answer = await cloud.call('AssumeRole', { RoleArn: roles[fidelity], RoleSessionName, DurationSeconds: '900' })
    const result = deep(answer, 'AssumeRoleResult')
    const id = cloud.cloud.roles.list().find(({ name }) => name === 'role')?.id
    expect(deep(result, 'AssumedRoleUser')).toEqual({
      AssumedRoleId: `${id}:a-session`,
      Arn: `arn:aws:sts::${cloud.administrator.accountId}:assumed-role/role/a-session`,
    })
    expect(deep(result, 'Credentials')).toMatchObject({
      AccessKeyId: expect.stringMatching(form),
      Expiration: '2026-01-01T00:15:00.000Z',
    })
    const [key, token] = ['AccessKeyId', 'SessionToken'].map((name) => theText(result, 'Credentials', name))
    const sender = behind(cloud, key ?? '', token)
    expect(sender).toMatchObject({ session: { name: 'a-session' }, expired: false })
    expect(sender?.secret).toBe(theText(result, 'Credentials', 'SecretAccessKey'))
  })

  test('others each time', async () => {
    const [one, two] = [await assume(it, RoleArn), await assume(it, RoleArn)]
    expect(one.accessKeyId).not.toBe(two.accessKeyId)
  })

  test('for another account that the role trusts, and for a session in AWS', async () => {
    const bob = await aws.account('bob')
    const trust = policy({ Principal: { AWS: [bob.accountId, aws.administrator.accountId] }, Action: 'sts:AssumeRole' })
    await aws.call('CreateRole', { RoleName: 'shared', Path: '/a/', AssumeRolePolicyDocument: trust })
    const arn = `arn:aws:iam::${aws.administrator.accountId}:role/a/shared`
    for (const caller of [bob, await sessionOf(aws, ['sts:AssumeRole'])]) {
      expect(await aws.call('AssumeRole', { RoleArn: arn, RoleSessionName }, caller)).toBeDefined()
    }
  })

  test('as long as the role says, in AWS', async () => {
    const made = await aws.call('CreateRole', {
      RoleName: 'long',
      AssumeRolePolicyDocument: policy({ Principal: '*', Action: 'sts:AssumeRole' }),
      MaxSessionDuration: '7200',
    })
    const arn = theText(made, 'CreateRoleResult', 'Role', 'Arn')
    expect(await assume(aws, arn, { DurationSeconds: '7200' })).toMatchObject({
      expiration: '2026-01-01T02:00:00.000Z',
    })
    expect(await aws.refusal('AssumeRole', { RoleArn: arn, RoleSessionName, DurationSeconds: '7201' })).toContain(
      '7200',
    )
  })
})
