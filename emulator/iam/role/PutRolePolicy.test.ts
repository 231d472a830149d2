import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, theText } from '../../cloud.harness.ts'
import { makeRole, policy } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const cloud of [it, aws]) await makeRole(cloud, 'role', [])
const put = (PolicyDocument: string, also: Record<string, string> = {}) => ({
  RoleName: 'role',
  PolicyName: 'policy',
  PolicyDocument,
  ...also,
})
const good = policy({ Action: 's3:*', Resource: '*' })

describe('shape', () => {
  test('everything is needed', async () =>
    expect(await it.refusal('PutRolePolicy')).toBe(
      '400 MissingParameter: The request must contain the parameter RoleName, PolicyName, PolicyDocument',
    ))
})

describe('refusals', () => {
  test('a role that is not there', async () =>
    expect(await it.refusal('PutRolePolicy', put(good, { RoleName: 'x' }))).toContain('404 NoSuchEntity'))

  test('a name that cannot be', async () =>
    expect(await it.refusal('PutRolePolicy', put(good, { PolicyName: 'a b' }))).toBe(
      '400 ValidationError: Invalid policy name a b',
    ))

  test.each([
    ['{', 'the document is not JSON'],
    [policy({ Action: 's3:*' }), 'a statement must have either Resource or NotResource'],
    [policy({ Action: 's3:*', Resource: '*', Condition: {} }), 'Condition is not evaluated by this cloud'],
  ])('the document %j', async (document, why) => {
    expect(await it.refusal('PutRolePolicy', put(document))).toContain(
      `400 MalformedPolicyDocument: Error in uploaded policy: ${why}`,
    )
    expect(await aws.refusal('PutRolePolicy', put(document))).toContain(`400 MalformedPolicyDocument: ${why}`)
  })

  test('more than a role may have in all', async () => {
    const long = policy({ Action: 's3:*', Resource: `arn:aws:s3:::${'x'.repeat(6000)}` })
    await it.call('PutRolePolicy', put(long, { PolicyName: 'one' }))
    expect(await it.refusal('PutRolePolicy', put(long, { PolicyName: 'two' }))).toBe(
      '409 LimitExceeded: Maximum policy size of 10240 bytes exceeded for role role',
    )
  })
})

describe('effect', () => {
  test('keeps the document, and replaces it', async () => {
    const read = async () => {
      const answer = await aws.call('GetRolePolicy', { RoleName: 'role', PolicyName: 'policy' })
      return decodeURIComponent(theText(answer, 'GetRolePolicyResult', 'PolicyDocument'))
    }
    await aws.call('PutRolePolicy', put(good))
    expect(await read()).toBe(good)
    const other = policy({ Action: 'ec2:*', Resource: '*' })
    await aws.call('PutRolePolicy', put(other))
    expect(await read()).toBe(other)
  })
})
