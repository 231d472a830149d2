import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { sessionOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

describe('shape', () => {
  test('a parameter that is none', async () => {
    expect(await clouds.eucalyptus.refusal('GetCallerIdentity', { Who: 'me' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nWho',
    )
    expect(await clouds.aws.refusal('GetCallerIdentity', { Who: 'me' })).toBe(
      '400 UnknownParameter: The parameter Who is not recognized',
    )
  })
})

describe('refusals', () => {
  test('there are none: everybody may ask who they are', async () =>
    expect(await clouds.aws.call('GetCallerIdentity', {}, await clouds.aws.account('anybody'))).toBeDefined())
})

describe('effect', () => {
  test('the user of the access key', async () => {
    const it = clouds.eucalyptus
    const alice = await it.account('alice')
    for (const caller of [it.administrator, alice]) {
      expect(await it.call('GetCallerIdentity', {}, caller)).toEqual({
        GetCallerIdentityResult: {
          UserId: it.cloud.accounts.users(caller.accountId)[0]?.id,
          Account: caller.accountId,
          Arn: `arn:aws:iam::${caller.accountId}:user/admin`,
        },
        ResponseMetadata: { RequestId: 'the-request' },
      })
    }
  })

  test.each(['eucalyptus', 'aws'] as const)('the session of a role, whatever it may do, in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const caller = await sessionOf(it, [])
    expect(await it.call('GetCallerIdentity', {}, caller)).toMatchObject({
      GetCallerIdentityResult: {
        UserId: `${caller.role?.id}:a-session`,
        Account: it.administrator.accountId,
        Arn: `arn:aws:sts::${it.administrator.accountId}:assumed-role/${caller.role?.name}/a-session`,
      },
    })
  })
})
