import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { trustOf } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const cloud of [it, aws]) {
  for (const [RoleName, Path] of [
    ['c', '/'],
    ['a', '/team/'],
    ['b', '/team/one/'],
  ] as const) {
    await cloud.call('CreateRole', { RoleName, Path, AssumeRolePolicyDocument: trustOf(cloud) })
  }
}
const list = async (cloud: TestCloud, parameters: Record<string, string> = {}) => {
  const answer = await cloud.call('ListRoles', parameters)
  const names = items(answer, 'ListRolesResult', 'Roles').map((role) => theText(role, 'RoleName'))
  return { names, answer, isTruncated: theText(answer, 'ListRolesResult', 'IsTruncated') }
}

describe('shape', () => {
  test('a limit that is no number', async () =>
    expect(await aws.refusal('ListRoles', { MaxItems: 'x' })).toContain('400 InvalidParameterValue'))
})

describe('refusals', () => {
  test('more than a thousand, in AWS', async () =>
    expect(await aws.refusal('ListRoles', { MaxItems: '1001' })).toContain('400 ValidationError'))
})

describe('effect', () => {
  test.each([
    [{}, ['a', 'b', 'c']],
    [{ PathPrefix: '/team/' }, ['a', 'b']],
    [{ PathPrefix: '/team/one/' }, ['b']],
    [{ PathPrefix: '/other/' }, []],
  ] as [Record<string, string>, string[]][])('those of %j, by name', async (parameters, expected) => {
    for (const cloud of [it, aws]) expect((await list(cloud, parameters)).names).toEqual(expected)
  })

  test('page by page in AWS, all at once in Eucalyptus', async () => {
    const first = await list(aws, { MaxItems: '2' })
    expect([first.names, first.isTruncated]).toEqual([['a', 'b'], 'true'])
    const Marker = theText(first.answer, 'ListRolesResult', 'Marker')
    const second = await list(aws, { MaxItems: '2', Marker })
    expect([second.names, second.isTruncated]).toEqual([['c'], 'false'])
    expect((await list(it, { MaxItems: '2' })).names).toEqual(['a', 'b', 'c'])
  })

  test('none of another account', async () =>
    expect(items(await it.call('ListRoles', {}, await it.account('alice')), 'ListRolesResult', 'Roles')).toEqual([]))
})
