import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { allow, assume, behind, makeProfile, makeRole } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds

describe('shape', () => {
  test('a name is needed', async () => expect(await it.refusal('DeleteRole')).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a role that is not there', async () =>
    expect(await it.refusal('DeleteRole', { RoleName: 'x' })).toBe('404 NoSuchEntity: Can not find role x'))

  test.each([
    ['eucalyptus', 'Attempted to delete role with resources attached by admin'],
    ['aws', 'Cannot delete entity, must remove roles from instance profile first.'],
  ] as const)('one that an instance profile holds, in %s', async (fidelity, message) => {
    const cloud = clouds[fidelity]
    await makeRole(cloud, 'held', [])
    await makeProfile(cloud, 'held')
    expect(await cloud.refusal('DeleteRole', { RoleName: 'held' })).toBe(`409 DeleteConflict: ${message}`)
  })

  test('one with policies', async () => {
    await makeRole(aws, 'able', [])
    await allow(aws, 'able', ['s3:*'])
    expect(await aws.refusal('DeleteRole', { RoleName: 'able' })).toBe(
      '409 DeleteConflict: Cannot delete entity, must delete policies first.',
    )
  })
})

describe('effect', () => {
  test('its sessions are over, and no role of the same name brings them back', async () => {
    const { accessKeyId, sessionToken } = await assume(it, await makeRole(it, 'gone', []))
    expect(behind(it, accessKeyId, sessionToken)?.session?.role.name).toBe('gone')
    await it.call('DeleteRole', { RoleName: 'gone' })
    expect(behind(it, accessKeyId, sessionToken)).toBeUndefined()
    await makeRole(it, 'gone', [])
    expect(behind(it, accessKeyId, sessionToken)).toBeUndefined()
  })
})
