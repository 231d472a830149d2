import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'
import { makeProfile, makeRole } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
const action = 'GetInstanceProfile'

describe('shape', () => {
  test('a name is needed', async () => expect(await it.refusal(action)).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a profile that is not there', async () => {
    expect(await it.refusal(action, { InstanceProfileName: 'x' })).toBe(
      '404 NoSuchEntity: Can not find instance profile x',
    )
    expect(await aws.refusal(action, { InstanceProfileName: 'x' })).toBe(
      '404 NoSuchEntity: Instance Profile x cannot be found.',
    )
  })
})

describe('effect', () => {
  test('the profile with its role', async () => {
    await makeRole(it, 'web', [])
    await makeProfile(it, 'web')
    const role = deep(await it.call('GetRole', { RoleName: 'web' }), 'GetRoleResult', 'Role')
    const found = await it.call(action, { InstanceProfileName: 'web' })
    expect(deep(found, `${action}Result`, 'InstanceProfile', 'Roles')).toEqual([role])
  })
})
