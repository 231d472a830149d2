import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeProfile, makeRole } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
const action = 'RemoveRoleFromInstanceProfile'
for (const cloud of [it, aws]) {
  await makeRole(cloud, 'held', [])
  await makeRole(cloud, 'other', [])
  await makeProfile(cloud, 'held')
}

describe('shape', () => {
  test('both names are needed', async () => expect(await it.refusal(action)).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a role that is not there', async () =>
    expect(await it.refusal(action, { InstanceProfileName: 'held', RoleName: 'x' })).toContain('404 NoSuchEntity'))

  test('a role that the profile does not hold, in AWS', async () =>
    expect(await aws.refusal(action, { InstanceProfileName: 'held', RoleName: 'other' })).toBe(
      '404 NoSuchEntity: The role with name other cannot be found.',
    ))
})

describe('effect', () => {
  test('the profile holds no role; Eucalyptus does not look which one is named', async () => {
    await aws.call(action, { InstanceProfileName: 'held', RoleName: 'held' })
    await it.call(action, { InstanceProfileName: 'held', RoleName: 'other' })
    for (const { cloud } of [it, aws])
      expect(cloud.instanceProfiles.list().map(({ roleId }) => roleId)).toEqual([undefined])
  })
})
