import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'
import { trustOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds

describe('shape', () => {
  test('a name is needed', async () =>
    expect(await it.refusal('GetRole')).toBe('400 MissingParameter: The request must contain the parameter RoleName'))
})

describe('refusals', () => {
  test.each(['nobody', 'constructor'])('the role %s, which is not there', async (RoleName) => {
    expect(await it.refusal('GetRole', { RoleName })).toBe(`404 NoSuchEntity: Can not find role ${RoleName}`)
    expect(await aws.refusal('GetRole', { RoleName })).toBe(
      `404 NoSuchEntity: The role with name ${RoleName} cannot be found.`,
    )
  })

  test('a role of another account', async () => {
    await it.call('CreateRole', { RoleName: 'ours', AssumeRolePolicyDocument: trustOf(it) })
    expect(await it.refusal('GetRole', { RoleName: 'ours' }, await it.account('alice'))).toContain('404 NoSuchEntity')
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('the role as it was made, in %s', async (fidelity) => {
    const cloud = clouds[fidelity]
    const made = await cloud.call('CreateRole', { RoleName: 'made', AssumeRolePolicyDocument: trustOf(it) })
    expect(deep(await cloud.call('GetRole', { RoleName: 'made' }), 'GetRoleResult', 'Role')).toEqual(
      deep(made, 'CreateRoleResult', 'Role'),
    )
  })
})
