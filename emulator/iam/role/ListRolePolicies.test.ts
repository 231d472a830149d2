import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'
import { makeRole, policy } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const cloud of [it, aws]) {
  await makeRole(cloud, 'role', ['s3:*'])
  const PolicyDocument = policy({ Action: 'ec2:*', Resource: '*' })
  await cloud.call('PutRolePolicy', { RoleName: 'role', PolicyName: 'a', PolicyDocument })
}

describe('shape', () => {
  test('a path is no parameter', async () =>
    expect(await it.refusal('ListRolePolicies', { RoleName: 'role', PathPrefix: '/' })).toContain('PathPrefix'))
})

describe('refusals', () => {
  test('a role that is not there', async () =>
    expect(await it.refusal('ListRolePolicies', { RoleName: 'x' })).toBe('404 NoSuchEntity: Can not find role x'))
})

describe('effect', () => {
  test('the names', async () => {
    for (const cloud of [it, aws]) {
      expect(deep(await cloud.call('ListRolePolicies', { RoleName: 'role' }), 'ListRolePoliciesResult')).toEqual({
        IsTruncated: 'false',
        PolicyNames: ['a', 'allowed'],
      })
    }
    const some = await aws.call('ListRolePolicies', { RoleName: 'role', MaxItems: '1' })
    expect(deep(some, 'ListRolePoliciesResult')).toMatchObject({ IsTruncated: 'true', PolicyNames: ['a'] })
  })
})
