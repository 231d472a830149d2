import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items } from '../../cloud.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)

describe('shape', () => {
  test('a parameter that is none', async () =>
    expect(await it.refusal('ListAccounts', { PathPrefix: '/' })).toBe(
      '400 400 Bad Request: Failed to bind the following fields:\nPathPrefix',
    ))
})

describe('refusals', () => {
  test('AWS has no such action', async () =>
    expect(await aws.refusal('ListAccounts')).toBe(
      '400 InvalidAction: The action ListAccounts is not valid for this web service.',
    ))
})

describe('effect', () => {
  test('administrators see all accounts, others their own', async () => {
    const alice = await it.account('alice')
    const all = [
      { AccountName: 'eucalyptus', AccountId: it.administrator.accountId },
      { AccountName: 'alice', AccountId: alice.accountId },
    ]
    const listed = items(await it.call('ListAccounts'), 'ListAccountsResult', 'Accounts')
    expect(listed).toHaveLength(2)
    expect(listed).toEqual(expect.arrayContaining(all))
    expect(items(await it.call('ListAccounts', {}, alice), 'ListAccountsResult', 'Accounts')).toEqual(all.slice(1))
  })
})
