import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'

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
  test('the account of the access key', async () => {
    const it = clouds.eucalyptus
    const alice = await it.account('alice')
    for (const caller of [it.administrator, alice]) {
      expect(await it.call('GetCallerIdentity', {}, caller)).toEqual({
        GetCallerIdentityResult: {
          UserId: caller.accessKeyId,
          Account: caller.accountId,
          Arn: `arn:aws:iam::${caller.accountId}:user/admin`,
        },
        ResponseMetadata: { RequestId: 'the-request' },
      })
    }
  })
})
