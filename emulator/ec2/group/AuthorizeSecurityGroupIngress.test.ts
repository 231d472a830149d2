import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep } from '../../cloud.harness.ts'
import { createGroup, permission, rulesIn } from './group.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const both = ['eucalyptus', 'aws'] as const
for (const it of [eucalyptus, aws]) await createGroup(it, 'web')
const noRange = { 'IpRanges.1.CidrIp': undefined }
const same = (sentence: string): [string, string] => [sentence, sentence]

describe('shape', () => {
  const bind = '400 400 Bad Request: Failed to bind the following fields:\n'
  test.each<[string, Record<string, string>, string]>([
    ['a port that is no number', permission({ FromPort: 'ssh' }), `${bind}IpPermissions.1.FromPort = ssh`],
    [
      'a range of IPv6',
      permission({ 'Ipv6Ranges.1.CidrIpv6': '::/0' }),
      `${bind}IpPermissions.1.Ipv6Ranges.1.CidrIpv6`,
    ],
    [
      'no protocol',
      permission({ IpProtocol: undefined }),
      '400 MissingParameter: The request must contain the parameter IpPermissions.1.IpProtocol',
    ],
    ['no group', permission(), '500 InternalFailure: Group id or name required'],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await eucalyptus.refusal('AuthorizeSecurityGroupIngress', parameters)).toBe(refusal),
  )
})

describe('refusals', () => {
  const malformed = (sentence: string) => `400 InvalidPermission.Malformed: ${sentence}`
  const invalid = (sentence: string) => `400 InvalidParameterValue: ${sentence}`
  const icmp = (code: number) =>
    same(invalid(`ICMP code (${code}) out of range. Supported range for ICMP code and type is 0 to 255`))
  test.each<[string, Record<string, string>, string, string]>([
    [
      'a port above 65535',
      permission({ ToPort: '65536' }),
      malformed('Provided ports must be less than 65535: lowPort=22 highPort=65536'),
      invalid('TCP/UDP port (65536) out of range'),
    ],
    [
      'a port below 0',
      permission({ FromPort: '-1' }),
      malformed('Provided ports must be greater than 0: lowPort=-1 highPort=22'),
      invalid('TCP/UDP port (-1) out of range'),
    ],
    [
      'ports turned round',
      permission({ FromPort: '80' }),
      malformed('Provided lowPort is greater than highPort: lowPort=80 highPort=22'),
      invalid('Invalid TCP/UDP port range (80:22)'),
    ],
    [
      'no ports',
      permission({ FromPort: undefined }),
      malformed('Both ports must be provided for tcp and udp'),
      invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."),
    ],
    ['a type of icmp above 255', permission({ IpProtocol: 'icmp', FromPort: '256' }), ...icmp(256)],
    ['a code of icmp below -1', permission({ IpProtocol: '1', FromPort: '8', ToPort: '-2' }), ...icmp(-2)],
    [
      'an unknown protocol',
      permission({ IpProtocol: 'ipx' }),
      malformed('Invalid protocol (ipx)'),
      invalid("Invalid value 'ipx' for IP protocol. Unknown protocol."),
    ],
    [
      'a protocol above 255',
      permission({ IpProtocol: '256' }),
      malformed('Invalid protocol (256)'),
      invalid("Invalid value '256' for IP protocol. Unknown protocol."),
    ],
    ...['10.0.0.0', '10.0.0.0/33', 'everywhere'].map((cidr): [string, Record<string, string>, string, string] => [
      `the range ${cidr}`,
      permission({ 'IpRanges.1.CidrIp': cidr }),
      malformed(`Invalid IP range: '${cidr}'`),
      invalid(`CIDR block ${cidr} is malformed`),
    ]),
    [
      'a group that is not there',
      permission({ ...noRange, 'Groups.1.GroupName': 'nobody' }),
      ...same("400 InvalidGroup.NotFound: The security group 'nobody' does not exist"),
    ],
    [
      'the default group of an account that is not there',
      permission({ ...noRange, 'Groups.1.GroupName': 'default', 'Groups.1.UserId': '000000000000' }),
      ...same("400 InvalidGroup.NotFound: The security group 'default' does not exist"),
    ],
    [
      'a group without a name',
      permission({ ...noRange, 'Groups.1.UserId': '000000000000' }),
      '500 InternalFailure: Group ID or Group Name required.',
      '400 MissingParameter: Group ID or Group Name required.',
    ],
    [
      'two forms at once',
      { ...permission(), CidrIp: '0.0.0.0/0' },
      '500 InternalFailure: InvalidParameterCombination: cidrIp and ipPermissions must not both be set',
      '400 InvalidParameterCombination: cidrIp and ipPermissions must not both be set',
    ],
    [
      'a group and a range, flat',
      { SourceSecurityGroupName: 'web', SourceSecurityGroupOwnerId: '1', IpProtocol: 'tcp' },
      '500 InternalFailure: InvalidParameterCombination: ipProtocol and sourceSecurityGroupName must not both be set',
      '400 InvalidParameterCombination: ipProtocol and sourceSecurityGroupName must not both be set',
    ],
    [
      'half of the flat form with a range',
      { CidrIp: '0.0.0.0/0', FromPort: '22', ToPort: '22' },
      '500 InternalFailure: MissingParameter: ipProtocol must be set if cidrIp is set.',
      '400 MissingParameter: The request must contain the parameter ipProtocol',
    ],
    [
      'nothing to allow',
      {},
      '500 InternalFailure: Missing source specification: include source security group or CIDR information',
      '400 MissingParameter: Missing source specification: include source security group or CIDR information',
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    const sent = { GroupName: 'web', ...parameters }
    expect(await eucalyptus.refusal('AuthorizeSecurityGroupIngress', sent)).toBe(inEucalyptus)
    expect(await aws.refusal('AuthorizeSecurityGroupIngress', sent)).toBe(inAws)
    for (const it of [eucalyptus, aws]) expect(await rulesIn(it, { GroupName: 'web' })).toEqual([])
  })

  test("a group that is another account's, or not there", async () => {
    const other = await eucalyptus.account('other')
    expect(
      await eucalyptus.refusal('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...permission() }, other),
    ).toBe("400 InvalidGroup.NotFound: The security group 'web' does not exist")
  })

  test('protocols beyond tcp, udp and icmp are for AWS alone', async () => {
    const GroupId = await createGroup(aws, 'protocols')
    for (const IpProtocol of ['-1', '50']) {
      const rule = permission({ IpProtocol, FromPort: undefined, ToPort: undefined })
      expect(await eucalyptus.refusal('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...rule })).toBe(
        malformed(`Invalid protocol (${IpProtocol})`),
      )
      await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...rule })
    }
    expect(await rulesIn(aws, { GroupId })).toEqual(['-1 - 0.0.0.0/0', '50 - 0.0.0.0/0'])
  })
})

describe('effect', () => {
  const range = (CidrIp: string) => ({ IpProtocol: 'tcp', FromPort: '22', ToPort: '23', CidrIp })
  const every = (lowest: number) => [`tcp ${lowest}-65535 web`, `udp ${lowest}-65535 web`, 'icmp -1--1 web']
  const web = { SourceSecurityGroupName: 'web' }
  test.each<[string, Record<string, string>, string[], string[]]>([
    ['a range', permission(), ['tcp 22-22 0.0.0.0/0'], ['tcp 22-22 0.0.0.0/0']],
    [
      'a range that begins within',
      permission({ 'IpRanges.1.CidrIp': '10.1.2.3/8' }),
      ['tcp 22-22 10.0.0.0/8'],
      ['tcp 22-22 10.0.0.0/8'],
    ],
    ['a protocol by its number', permission({ IpProtocol: '17' }), ['udp 22-22 0.0.0.0/0'], ['udp 22-22 0.0.0.0/0']],
    [
      'icmp',
      permission({ IpProtocol: 'icmp', FromPort: '8', ToPort: '-1' }),
      ['icmp 8--1 0.0.0.0/0'],
      ['icmp 8--1 0.0.0.0/0'],
    ],
    [
      'a group by its name',
      permission({ ...noRange, 'Groups.1.GroupName': 'web' }),
      ['tcp 22-22 web'],
      ['tcp 22-22 web'],
    ],
    [
      'a group and a range, as euca2ools sends them',
      permission({ 'Groups.1.GroupName': 'web' }),
      ['tcp 22-22 web'],
      ['tcp 22-22 web 0.0.0.0/0'],
    ],
    [
      'a group with ports 0 to 0',
      permission({ ...noRange, FromPort: '0', ToPort: '0', 'Groups.1.GroupName': 'web' }),
      ['tcp 0-65535 web'],
      ['tcp 0-0 web'],
    ],
    ['flat, a range', range('10.0.0.0/8'), ['tcp 22-23 10.0.0.0/8'], ['tcp 22-23 10.0.0.0/8']],
    [
      'two permissions',
      { ...permission(), ...permission({ FromPort: '80', ToPort: '80' }, 2) },
      ['tcp 22-22 0.0.0.0/0', 'tcp 80-80 0.0.0.0/0'],
      ['tcp 22-22 0.0.0.0/0', 'tcp 80-80 0.0.0.0/0'],
    ],
  ])('%s', async (title, parameters, inEucalyptus, inAws) => {
    for (const fidelity of both) {
      const GroupId = await createGroup(clouds[fidelity], title)
      const answer = await clouds[fidelity].call('AuthorizeSecurityGroupIngress', { GroupId, ...parameters })
      expect(answer).toMatchObject({ return: 'true' })
      expect(await rulesIn(clouds[fidelity], { GroupId })).toEqual(fidelity === 'aws' ? inAws : inEucalyptus)
    }
  })

  test.each(both)('flat, a group, in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const GroupId = await createGroup(it, 'flat')
    const owner = { SourceSecurityGroupOwnerId: it.administrator.accountId }
    await it.call('AuthorizeSecurityGroupIngress', { GroupId, ...web, ...owner })
    expect(await rulesIn(it, { GroupId })).toEqual(every(fidelity === 'aws' ? 0 : 1))
  })

  test('flat, a group without its owner', async () => {
    expect(await eucalyptus.refusal('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...web })).toBe(
      '500 InternalFailure: MissingParameter: sourceSecurityGroupOwnerId must be set if sourceSecurityGroupName is set.',
    )
    const GroupId = await createGroup(aws, 'flat without owner')
    await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...web })
    expect(await rulesIn(aws, { GroupId })).toEqual(every(0))
  })

  test('a permission without a source allows nothing in Eucalyptus and is refused in AWS', async () => {
    const GroupId = await createGroup(eucalyptus, 'sourceless')
    expect(await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission(noRange) })).toMatchObject({
      return: 'true',
    })
    expect(await rulesIn(eucalyptus, { GroupId })).toEqual([])
    expect(await aws.refusal('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...permission(noRange) })).toMatch(
      /^400 MissingParameter: /,
    )
  })

  test("another account's default group, which is made for it", async () => {
    const other = await eucalyptus.account('neighbour')
    const GroupId = await createGroup(eucalyptus, 'for the neighbour')
    const source = { 'Groups.1.GroupName': 'default', 'Groups.1.UserId': other.accountId }
    await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission({ ...noRange, ...source }) })
    const [rule] = eucalyptus.cloud.groups.get(GroupId)?.rules ?? []
    const theirs = eucalyptus.cloud.groups.list().find(({ ownerId }) => ownerId === other.accountId)
    expect(rule?.source).toEqual({ groupId: theirs?.id, ownerId: other.accountId, groupName: 'default' })
  })

  test('descriptions are kept', async () => {
    const GroupId = await createGroup(aws, 'described')
    await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission({ 'IpRanges.1.Description': 'office' }) })
    const answer = await aws.call('DescribeSecurityGroups', { 'GroupId.1': GroupId })
    expect(deep(answer, 'securityGroupInfo', '0', 'ipPermissions', '0', 'ipRanges', '0')).toEqual({
      cidrIp: '0.0.0.0/0',
      description: 'office',
    })
  })
})

describe('what is there already', () => {
  const again = permission({ FromPort: '80', ToPort: '80' }, 2)
  test('is `false` in Eucalyptus, and nothing is added', async () => {
    const GroupId = await createGroup(eucalyptus, 'again')
    await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission() })
    const answer = await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission(), ...again })
    expect(answer).toMatchObject({ return: 'false' })
    expect(await rulesIn(eucalyptus, { GroupId })).toEqual(['tcp 22-22 0.0.0.0/0'])
  })

  test('is a fault in AWS, also under another description', async () => {
    const GroupId = await createGroup(aws, 'again')
    await aws.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission() })
    const twin = permission({ 'IpRanges.1.Description': 'office' })
    expect(await aws.refusal('AuthorizeSecurityGroupIngress', { GroupId, ...again, ...twin })).toBe(
      '400 InvalidPermission.Duplicate: the specified rule ' +
        '"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists',
    )
    expect(await rulesIn(aws, { GroupId })).toEqual(['tcp 22-22 0.0.0.0/0'])
  })

  test('twice in one request', async () => {
    const twice = { ...permission(), ...permission({}, 2) }
    expect(await aws.refusal('AuthorizeSecurityGroupIngress', { GroupName: 'web', ...twice })).toBe(
      '400 InvalidParameterValue: The same permission must not appear multiple times',
    )
    const GroupId = await createGroup(eucalyptus, 'once')
    await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...twice })
    expect(await rulesIn(eucalyptus, { GroupId })).toEqual(['tcp 22-22 0.0.0.0/0'])
  })

  test('a permission of which one source is new gets that source in Eucalyptus', async () => {
    const GroupId = await createGroup(eucalyptus, 'partly')
    await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...permission() })
    const more = permission({ 'IpRanges.2.CidrIp': '10.0.0.0/8' })
    expect(await eucalyptus.call('AuthorizeSecurityGroupIngress', { GroupId, ...more })).toMatchObject({
      return: 'true',
    })
    expect(await rulesIn(eucalyptus, { GroupId })).toEqual(['tcp 22-22 0.0.0.0/0 10.0.0.0/8'])
  })
})
