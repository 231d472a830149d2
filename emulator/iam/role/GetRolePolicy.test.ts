import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeRole, policy } from '../../sessions.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
for (const cloud of [it, aws]) await makeRole(cloud, 'role', ['s3:GetObject'])

describe('shape', () => {
  test('both names are needed', async () =>
    expect(await it.refusal('GetRolePolicy')).toBe(
      '400 MissingParameter: The request must contain the parameter RoleName, PolicyName',
    ))
})

describe('refusals', () => {
  test.each(['other', 'constructor'])('the policy %s, which is not there', async (PolicyName) => {
    const parameters = { RoleName: 'role', PolicyName }
    expect(await it.refusal('GetRolePolicy', parameters)).toBe(`404 NoSuchEntity: Can not find policy ${PolicyName}`)
    expect(await aws.refusal('GetRolePolicy', parameters)).toBe(
      `404 NoSuchEntity: The role policy with name ${PolicyName} cannot be found.`,
    )
  })
})

describe('effect', () => {
  test('the document, encoded as RFC 3986 has it', async () => {
    const document = policy({ Sid: "it's (all)!", Action: 's3:*', Resource: '*' })
    await it.call('PutRolePolicy', { RoleName: 'role', PolicyName: 'mine', PolicyDocument: document })
    expect(await it.call('GetRolePolicy', { RoleName: 'role', PolicyName: 'mine' })).toMatchObject({
      GetRolePolicyResult: {
        RoleName: 'role',
        PolicyName: 'mine',
        PolicyDocument: encodeURIComponent(document)
          .replace("it's%20(all)!", 'it%27s%20%28all%29%21')
          .replaceAll('*', '%2A'),
      },
    })
  })
})
