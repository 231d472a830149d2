import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)
let count = 0
const newGroup = () => {
  count += 1
  return createGroup(aws, `group-${count}`)
}
const everything = permission({ IpProtocol: '-1', FromPort: undefined, ToPort: undefined })

test.each(['AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress'])(
  '%s: Eucalyptus has such rules in a VPC alone',
  async (operation) => {
    const GroupId = await createGroup(eucalyptus, operation)
    expect(await eucalyptus.refusal(operation, { GroupId, ...permission() })).toBe(
      `400 InvalidGroup.NotFound: VPC security group (${GroupId}) not found`,
    )
    expect(await rulesIn(eucalyptus, { GroupId }, 'ipPermissionsEgress')).toEqual([])
    expect(await eucalyptus.refusal(operation, permission())).toBe('500 InternalFailure: Group id or name required')
  },
)

describe('in AWS', () => {
  let GroupId = ''
  beforeEach(async () => {
    GroupId = await newGroup()
  })
  const egress = () => rulesIn(aws, { GroupId }, 'ipPermissionsEgress')

  test.each<[string, () => Record<string, string>, string]>([
    ['no group', permission, 'MissingParameter: The request must contain the parameter groupId'],
    ['no permission', () => ({ GroupId }), 'MissingParameter: The request must contain the parameter ipPermissions'],
    [
      'a group that is not there',
      () => ({ GroupId: 'sg-00000000', ...permission() }),
      "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
    ],
    [
      'a rule that is there',
      () => ({ GroupId, ...everything }),
      'InvalidPermission.Duplicate: the specified rule "peer: 0.0.0.0/0, ALL, ALLOW" already exists',
    ],
    [
      'a malformed range',
      () => ({ GroupId, ...permission({ 'IpRanges.1.CidrIp': '10.0.0.0' }) }),
      'InvalidParameterValue: CIDR block 10.0.0.0 is malformed',
    ],
  ])('%s is refused', async (_what, parameters, refusal) => {
    expect(await aws.refusal('AuthorizeSecurityGroupEgress', parameters())).toBe(`400 ${refusal}`)
    expect(await egress()).toEqual(['-1 - 0.0.0.0/0'])
  })

  test('rules are kept apart from those for what comes in', async () => {
    await aws.call('AuthorizeSecurityGroupEgress', { GroupId, ...permission() })
    await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission({ FromPort: '1', ToPort: '2' }) })
    expect(await egress()).toEqual(['-1 - 0.0.0.0/0', 'tcp 22-22 0.0.0.0/0'])
    expect(await rulesIn(aws, { GroupId })).toEqual(['tcp 1-2 0.0.0.0/0'])
  })

  test('a rule may name a group, which can then not be deleted', async () => {
    const other = await newGroup()
    const rule = permission({ 'IpRanges.1.CidrIp': undefined, 'Groups.1.GroupId': other })
    await aws.call('AuthorizeSecurityGroupEgress', { GroupId, ...rule })
    expect(await egress()).toContain(`tcp 22-22 group-${count}`)
    expect(await aws.refusal('DeleteSecurityGroup', { GroupId: other })).toMatch('DependencyViolation')
    await aws.call('RevokeSecurityGroupEgress', { GroupId, ...rule })
    await aws.call('DeleteSecurityGroup', { GroupId: other })
  })

  test('the network hears of each change', async () => {
    const heard = vi.spyOn(aws.cloud.network, 'rulesChanged')
    await aws.call('RevokeSecurityGroupEgress', { GroupId, ...everything })
    await aws.call('AuthorizeSecurityGroupEgress', { GroupId, ...everything })
    expect(heard).toHaveBeenCalledTimes(2)
  })
})
