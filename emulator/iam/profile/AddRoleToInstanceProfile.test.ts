import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { makeRole } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
const action = 'AddRoleToInstanceProfile'
const both = { InstanceProfileName: 'profile', RoleName: 'one' }
for (const cloud of [it, aws]) {
  await makeRole(cloud, 'one', [])
  await makeRole(cloud, 'two', [])
  await cloud.call('CreateInstanceProfile', { InstanceProfileName: 'profile' })
  await cloud.call(action, both)
}
const roles = async ({ call }: TestCloud) => {
  const answer = await call('GetInstanceProfile', { InstanceProfileName: 'profile' })
  return items(answer, 'GetInstanceProfileResult', 'InstanceProfile', 'Roles').map((role) => theText(role, 'RoleName'))
}

describe('shape', () => {
  test('both names are needed', async () =>
    expect(await it.refusal(action)).toBe(
      '400 MissingParameter: The request must contain the parameter InstanceProfileName, RoleName',
    ))
})

describe('refusals', () => {
  test.each([
    [{ RoleName: 'x' }, 'Can not find role x'],
    [{ InstanceProfileName: 'x' }, 'Can not find instance profile x'],
  ])('%j', async (other, message) =>
    expect(await it.refusal(action, { ...both, ...other })).toBe(`404 NoSuchEntity: ${message}`),
  )

  test('a role that is there already', async () =>
    expect(await it.refusal(action, both)).toBe(
      '409 EntityAlreadyExists: Role one is already in the instance profile profile',
    ))

  test('a second role, in AWS', async () =>
    expect(await aws.refusal(action, { ...both, RoleName: 'two' })).toBe(
      '409 LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
    ))
})

describe('effect', () => {
  test('the profile holds the role; in Eucalyptus another one takes its place', async () => {
    for (const cloud of [it, aws]) expect(await roles(cloud)).toEqual(['one'])
    await it.call(action, { ...both, RoleName: 'two' })
    expect(await roles(it)).toEqual(['two'])
  })
})
