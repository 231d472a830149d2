import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, theText } from '../../cloud.harness.ts'
import { policy, trustOf } from '../../sessions.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds
const AssumeRolePolicyDocument = trustOf(it)
const make = (RoleName: string, also: Record<string, string> = {}) => ({ RoleName, AssumeRolePolicyDocument, ...also })

describe('shape', () => {
  test('a name and a trust are needed', async () =>
    expect(await it.refusal('CreateRole')).toBe(
      '400 MissingParameter: The request must contain the parameter RoleName, AssumeRolePolicyDocument',
    ))

  test.each([{ Description: 'x' }, { MaxSessionDuration: '3600' }])('%j is AWS’s only', async (also) => {
    expect(await it.refusal('CreateRole', make('plain', also))).toBe(
      `400 400 Bad Request: Failed to bind the following fields:\n${Object.keys(also)[0]}`,
    )
    expect(await aws.call('CreateRole', make(`aws-${Object.keys(also)[0]}`, also))).toBeDefined()
  })
})

describe('refusals', () => {
  test.each(['', 'a b', 'a/b', 'x'.repeat(65), 'ä', '__proto__\n'])('the name %j', async (name) => {
    expect(await it.refusal('CreateRole', make(name))).toBe(`400 ValidationError: Invalid role name ${name}`)
    expect(await aws.refusal('CreateRole', make(name))).toContain(
      '400 ValidationError: The specified value for the role',
    )
  })

  test.each(['x', '/a b/', `/${'x'.repeat(512)}/`])('the path %j', async (Path) =>
    expect(await it.refusal('CreateRole', make('r', { Path }))).toBe(`400 ValidationError: Invalid role path ${Path}`),
  )

  test('a path without its last slash, in AWS', async () =>
    expect(await aws.refusal('CreateRole', make('r', { Path: '/x' }))).toBe(
      '400 ValidationError: The specified value for path is invalid. It must begin and end with /.',
    ))

  test('a trust that is none', async () => {
    const wrong = { RoleName: 'r', AssumeRolePolicyDocument: policy({ Action: 'sts:AssumeRole' }) }
    expect(await it.refusal('CreateRole', wrong)).toBe(
      '400 MalformedPolicyDocument: Error in uploaded policy: Principal must name somebody',
    )
    expect(await aws.refusal('CreateRole', wrong)).toBe('400 MalformedPolicyDocument: Principal must name somebody')
  })

  test('sessions of more than twelve hours', async () =>
    expect(await aws.refusal('CreateRole', make('r', { MaxSessionDuration: '43201' }))).toBe(
      "400 ValidationError: Value '43201' at 'maxSessionDuration' failed to satisfy constraint",
    ))

  test('a name that is taken in the account', async () => {
    for (const cloud of [it, aws]) await cloud.call('CreateRole', make('twin'))
    expect(await it.refusal('CreateRole', make('twin'))).toBe('409 EntityAlreadyExists: Role twin already exists.')
    expect(await aws.refusal('CreateRole', make('twin'))).toBe(
      '409 EntityAlreadyExists: Role with name twin already exists.',
    )
    expect(await it.call('CreateRole', make('twin'), await it.account('alice'))).toBeDefined()
  })
})

describe('effect', () => {
  test.each([
    ['eucalyptus', {}, '/a/', {}],
    ['aws', { Description: 'what for' }, '/a/', { Description: 'what for', MaxSessionDuration: '3600' }],
  ] as const)('a role that may do nothing, in %s', async (fidelity, also, path, more) => {
    const cloud = clouds[fidelity]
    const answer = await cloud.call('CreateRole', make('fresh', { Path: fidelity === 'aws' ? '/a/' : '/a', ...also }))
    const role = deep(answer, 'CreateRoleResult', 'Role')
    expect(role).toEqual({
      Path: path,
      RoleName: 'fresh',
      RoleId: expect.stringMatching(/^AROAA[A-Z2-7]{16}$/),
      Arn: `arn:aws:iam::${cloud.administrator.accountId}:role/a/fresh`,
      CreateDate: '2026-01-01T00:00:00.000Z',
      AssumeRolePolicyDocument: expect.stringMatching(/^%7B%22Version%22%3A/),
      ...more,
    })
    expect(decodeURIComponent(theText(role, 'AssumeRolePolicyDocument'))).toBe(AssumeRolePolicyDocument)
    expect(cloud.cloud.roles.get(theText(role, 'RoleId'))?.policies).toEqual({})
  })

  test('in another account, for an administrator of the cloud', async () => {
    const bob = await it.account('bob')
    await it.call('CreateRole', make('delegated', { DelegateAccount: 'bob' }))
    expect(theText(await it.call('GetRole', { RoleName: 'delegated' }, bob), 'GetRoleResult', 'Role', 'Arn')).toBe(
      `arn:aws:iam::${bob.accountId}:role/delegated`,
    )
  })
})
