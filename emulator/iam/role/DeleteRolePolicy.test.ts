import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeRole } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const cloud of [it, aws]) await makeRole(cloud, 'role', ['s3:*'])

describe('shape', () => {
  test('both names are needed', async () =>
    expect(await it.refusal('DeleteRolePolicy')).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a policy that is not there, in AWS; Eucalyptus does not mind', async () => {
    const parameters = { RoleName: 'role', PolicyName: 'other' }
    expect(await aws.refusal('DeleteRolePolicy', parameters)).toBe(
      '404 NoSuchEntity: The role policy with name other cannot be found.',
    )
    expect(await it.call('DeleteRolePolicy', parameters)).toEqual({ ResponseMetadata: { RequestId: 'the-request' } })
  })

  test('a role that is not there', async () =>
    expect(await it.refusal('DeleteRolePolicy', { RoleName: 'x', PolicyName: 'allowed' })).toContain(
      '404 NoSuchEntity',
    ))
})

describe('effect', () => {
  test('the role may do that no more, and can be deleted', async () => {
    for (const cloud of [it, aws]) {
      await cloud.call('DeleteRolePolicy', { RoleName: 'role', PolicyName: 'allowed' })
      expect(cloud.cloud.roles.list().map(({ policies }) => policies)).toEqual([{}])
      await cloud.call('DeleteRole', { RoleName: 'role' })
      expect(cloud.cloud.roles.list()).toEqual([])
    }
  })
})
