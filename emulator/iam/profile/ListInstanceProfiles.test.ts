import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const { call } of [it, aws]) {
  await call('CreateInstanceProfile', { InstanceProfileName: 'b' })
  await call('CreateInstanceProfile', { InstanceProfileName: 'a', Path: '/team/' })
}
const action = 'ListInstanceProfiles'

describe('shape', () => {
  test('a limit that is no number', async () =>
    expect(await it.refusal(action, { MaxItems: 'x' })).toContain('400 400 Bad Request'))
})

describe('refusals', () => {
  test('fewer than one, in AWS', async () =>
    expect(await aws.refusal(action, { MaxItems: '0' })).toContain('400 ValidationError'))
})

describe('effect', () => {
  test.each([
    [{}, ['a', 'b']],
    [{ PathPrefix: '/team/' }, ['a']],
  ] as [Record<string, string>, string[]][])('those of %j, by name', async (parameters, expected) => {
    for (const { call } of [it, aws]) {
      const listed = items(await call(action, parameters), `${action}Result`, 'InstanceProfiles')
      expect(listed.map((profile) => theText(profile, 'InstanceProfileName'))).toEqual(expected)
    }
  })

  test('none of another account', async () =>
    expect(items(await it.call(action, {}, await it.account('alice')), `${action}Result`, 'InstanceProfiles')).toEqual(
      [],
    ))
})
