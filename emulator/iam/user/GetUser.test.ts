import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, theText } from '../../cloud.harness.ts'
import { sessionOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds

describe('shape', () => {
  test('a flag that is none', async () =>
    expect(await it.refusal('GetUser', { ShowExtra: 'perhaps' })).toContain('400 400 Bad Request'))

  test.each(['ShowExtra', 'DelegateAccount'])('AWS has no %s', async (name) =>
    expect(await aws.refusal('GetUser', { [name]: 'true' })).toBe(
      `400 UnknownParameter: The parameter ${name} is not recognized`,
    ),
  )
})

describe('refusals', () => {
  test('a user that is not there', async () => {
    expect(await it.refusal('GetUser', { UserName: 'bob' })).toBe('404 NoSuchEntity: Can not find user bob')
    expect(await aws.refusal('GetUser', { UserName: 'bob' })).toBe(
      '404 NoSuchEntity: The user with name bob cannot be found.',
    )
  })

  test('a role is no user', async () =>
    expect(await aws.refusal('GetUser', {}, await sessionOf(aws, ['iam:GetUser']))).toBe(
      '400 ValidationError: Must specify userName when calling with non-User credentials',
    ))

  test('another account, but to administrators of the cloud', async () => {
    const alice = await it.account('alice')
    const DelegateAccount = 'eucalyptus'
    expect(await it.refusal('GetUser', { DelegateAccount }, alice)).toBe(
      '403 NotAuthorized: Delegation access not authorized for eucalyptus',
    )
    expect(await it.refusal('GetUser', { DelegateAccount: 'nobody' })).toBe(
      '403 NotAuthorized: Can not find delegation account nobody',
    )
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('who asks, by name or without, in %s', async (fidelity) => {
    const { administrator, call } = clouds[fidelity]
    for (const parameters of [{}, { UserName: 'admin' }] as Record<string, string>[]) {
      expect(await call('GetUser', parameters)).toEqual({
        GetUserResult: {
          User: {
            Path: '/',
            UserName: 'admin',
            UserId: expect.stringMatching(/^AIDAA[A-Z2-7]{16}$/),
            Arn: `arn:aws:iam::${administrator.accountId}:user/admin`,
            CreateDate: '2026-01-01T00:00:00.000Z',
          },
        },
        ResponseMetadata: { RequestId: 'the-request' },
      })
    }
  })

  test('in another account, whose user is another one', async () => {
    const bob = await it.account('bob')
    const delegated = await it.call('GetUser', { DelegateAccount: 'bob', ShowExtra: 'true' })
    expect(theText(delegated, 'GetUserResult', 'User', 'Arn')).toBe(`arn:aws:iam::${bob.accountId}:user/admin`)
    expect(theText(delegated, 'GetUserResult', 'User', 'Enabled')).toBe('true')
    const own = await it.call('GetUser', {})
    const id = (answer: typeof own) => theText(answer, 'GetUserResult', 'User', 'UserId')
    expect(id(delegated)).toBe(id(await it.call('GetUser', {}, bob)))
    expect(id(delegated)).not.toBe(id(own))
  })
})
