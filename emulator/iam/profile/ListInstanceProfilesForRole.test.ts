import { afterAll, describe, expect, test } from 'vitest'
import { items, testCloud, theText } from '../../cloud.harness.ts'
import { makeProfile, makeRole } from '../../sessions.harness.ts'

const it = await testCloud()
afterAll(it.close)
const action = 'ListInstanceProfilesForRole'
for (const name of ['held', 'other']) {
  await makeRole(it, name, [])
  await makeProfile(it, name)
}

describe('shape', () => {
  test('a name is needed', async () => expect(await it.refusal(action)).toContain('400 MissingParameter'))
})

describe('refusals', () => {
  test('a role that is not there', async () =>
    expect(await it.refusal(action, { RoleName: 'x' })).toBe('404 NoSuchEntity: Can not find role x'))
})

describe('effect', () => {
  test('the profiles that hold it', async () => {
    const listed = items(await it.call(action, { RoleName: 'held' }), `${action}Result`, 'InstanceProfiles')
    expect(listed.map((profile) => theText(profile, 'InstanceProfileName'))).toEqual(['held'])
  })
})
