import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

describe('shape', () => {
  test('a limit that is no number', async () =>
    expect(await clouds.eucalyptus.refusal('ListUsers', { MaxItems: 'x' })).toContain('400 400 Bad Request'))
})

describe('refusals', () => {
  test('fewer than one, in AWS', async () =>
    expect(await clouds.aws.refusal('ListUsers', { MaxItems: '0' })).toBe(
      "400 ValidationError: Value '0' at 'maxItems' failed to satisfy constraint",
    ))
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)(
    'the users of the account whose path begins so, in %s',
    async (fidelity) => {
      const it = clouds[fidelity]
      const answer = await it.call('ListUsers', {})
      expect(theText(answer, 'ListUsersResult', 'IsTruncated')).toBe('false')
      const users = items(answer, 'ListUsersResult', 'Users')
      expect(users.map((user) => theText(user, 'Arn'))).toEqual([
        `arn:aws:iam::${it.administrator.accountId}:user/admin`,
      ])
      expect(items(await it.call('ListUsers', { PathPrefix: '/x/' }), 'ListUsersResult', 'Users')).toEqual([])
    },
  )
})
