import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeProfile, makeRole } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
const action = 'DeleteInstanceProfile'
for (const cloud of [it, aws]) {
  await makeRole(cloud, 'held', [])
  await makeProfile(cloud, 'held')
}

describe('shape', () => {
  test('a name is needed', async () => expect(await it.refusal(action)).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a profile that is not there', async () =>
    expect(await it.refusal(action, { InstanceProfileName: 'x' })).toContain('404 NoSuchEntity'))

  test('one that holds a role, in AWS', async () =>
    expect(await aws.refusal(action, { InstanceProfileName: 'held' })).toBe(
      '409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.',
    ))
})

describe('effect', () => {
  test('it is gone, its role is not', async () => {
    await aws.call('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'held', RoleName: 'held' })
    for (const { call, cloud } of [it, aws]) {
      await call(action, { InstanceProfileName: 'held' })
      expect([cloud.instanceProfiles.list(), cloud.roles.list()]).toEqual([[], [expect.anything()]])
    }
  })
})
