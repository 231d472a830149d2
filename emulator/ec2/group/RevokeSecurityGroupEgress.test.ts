import { afterAll, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, aws } = await bothClouds()
afterAll(close)
const everything = permission({ IpProtocol: '-1', FromPort: undefined, ToPort: undefined })

test('nothing is let out once all is revoked, which the group remembers', async () => {
  const GroupId = await createGroup(aws, 'closed')
  await aws.call('RevokeSecurityGroupEgress', { GroupId, ...everything })
  expect(await rulesIn(aws, { GroupId }, 'ipPermissionsEgress')).toEqual([])
  await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission() })
  expect(await rulesIn(aws, { GroupId }, 'ipPermissionsEgress')).toEqual([])
})

test.each([
  ['another', permission()],
  ['one that is there and another', { ...everything, ...permission({}, 2) }],
])('%s rule is refused, and all stays', async (what, rules) => {
  const GroupId = await createGroup(aws, what)
  expect(await aws.refusal('RevokeSecurityGroupEgress', { GroupId, ...rules })).toBe(
    '400 InvalidPermission.NotFound: The specified rule does not exist in this security group.',
  )
  expect(await rulesIn(aws, { GroupId }, 'ipPermissionsEgress')).toEqual(['-1 - 0.0.0.0/0'])
})
