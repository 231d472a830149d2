import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds
const action = 'CreateInstanceProfile'

describe('shape', () => {
  test('a name is needed', async () =>
    expect(await it.refusal(action)).toBe(
      '400 MissingParameter: The request must contain the parameter InstanceProfileName',
    ))
})

describe('refusals', () => {
  test.each(['', 'a b', 'x'.repeat(129)])('the name %j', async (InstanceProfileName) =>
    expect(await it.refusal(action, { InstanceProfileName })).toBe(
      `400 ValidationError: Invalid instance profile name ${InstanceProfileName}`,
    ),
  )

  test('a path that cannot be', async () =>
    expect(await it.refusal(action, { InstanceProfileName: 'p', Path: 'x' })).toBe(
      '400 ValidationError: Invalid instance profile path x',
    ))

  test('a name that is taken in the account', async () => {
    const InstanceProfileName = 'twin'
    for (const cloud of [it, aws]) await cloud.call(action, { InstanceProfileName })
    expect(await it.refusal(action, { InstanceProfileName })).toBe(
      '409 EntityAlreadyExists: Instance profile twin already exists.',
    )
    expect(await aws.refusal(action, { InstanceProfileName })).toBe(
      '409 EntityAlreadyExists: Instance Profile twin already exists.',
    )
    expect(await it.call(action, { InstanceProfileName }, await it.account('alice'))).toBeDefined()
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('a profile without a role, in %s', async (fidelity) => {
    const { call, administrator } = clouds[fidelity]
    const made = deep(await call(action, { InstanceProfileName: 'web', Path: '/a/' }), `${action}Result`)
    expect(made).toEqual({
      InstanceProfile: {
        Path: '/a/',
        InstanceProfileName: 'web',
        InstanceProfileId: expect.stringMatching(/^AIPAA[A-Z2-7]{16}$/),
        Arn: `arn:aws:iam::${administrator.accountId}:instance-profile/a/web`,
        CreateDate: '2026-01-01T00:00:00.000Z',
        Roles: '',
      },
    })
    const found = await call('GetInstanceProfile', { InstanceProfileName: 'web' })
    expect(deep(found, 'GetInstanceProfileResult')).toEqual(made)
  })
})
