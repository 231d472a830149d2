import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { isInVpc, makeGroup } from '../../groups.ts'
import { type ByFidelity, type Refusal, refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source =
  'eucalyptus-behaviour.md sections 1.5 and 13; NetworkGroupManager of Eucalyptus; EC2 API Reference, AuthorizeSecurityGroupIngress'
const base = { level: 'MUST', needs: ['security-groups'], source, seconds: 2 } as const
const everybody = [{ CidrIp: '0.0.0.0/0' }]

/** The rules of a group, a line each: protocol, ports, and from where. */
async function rulesOf({ administrator: { ec2 } }: Tools, id: string): Promise<string[]> {
  const [group] = list(await ec2.call('DescribeSecurityGroups', { GroupId: [id] }), 'securityGroupInfo')
  const sources = (permission: Xml) => [
    ...list(permission, 'ipRanges').map((range) => text(range, 'cidrIp')),
    ...list(permission, 'groups').map((one) => `${text(one, 'userId')}/${text(one, 'groupId')}`),
  ]
  const words = (permission: Xml) =>
    ['ipProtocol', 'fromPort', 'toPort'].map((name) => text(permission, name) ?? '').join(' ')
  return list(group, 'ipPermissions')
    .flatMap((permission) => sources(permission).map((from) => `${words(permission)} ${from}`))
    .sort()
}

const both: Case = defineCase({
  ...base,
  id: 'groups/rules-are-kept-and-revoked',
  title: 'rules for addresses and for groups are listed until they are revoked, each for itself',
  covers: ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'DescribeSecurityGroups'],
  async run(tools) {
    const { ec2, account } = tools.administrator
    const [{ id: GroupId }, peer] = [await makeGroup(tools), await makeGroup(tools)]
    const Groups = [{ UserId: account.accountId, GroupName: peer.name }]
    const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [...everybody, { CidrIp: '10.1.0.0/16' }] }
    const dns = { IpProtocol: 'udp', FromPort: 53, ToPort: 54, Groups }
    const ping = { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, IpRanges: everybody }
    const change = (verb: string, ...IpPermissions: Parameters[]) =>
      ec2.call(`${verb}SecurityGroupIngress`, { GroupId, IpPermissions })
    await change('Authorize', ssh, dns, ping)
    const peers = `udp 53 54 ${account.accountId}/${peer.id}`
    const all = ['icmp -1 -1 0.0.0.0/0', 'tcp 22 22 0.0.0.0/0', 'tcp 22 22 10.1.0.0/16', peers]
    assert.deepEqual(await rulesOf(tools, GroupId), all)
    await change('Revoke', { ...ssh, IpRanges: everybody })
    await change('Revoke', ping)
    assert.deepEqual(await rulesOf(tools, GroupId), ['tcp 22 22 10.1.0.0/16', peers])
    await change('Revoke', dns)
    assert.deepEqual(await rulesOf(tools, GroupId), ['tcp 22 22 10.1.0.0/16'])
  },
})

const flat: Case = defineCase({
  ...base,
  id: 'groups/rules-of-old-clients',
  title: 'a rule in the flat form of old clients is the same as one in the form of today',
  covers: ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'DescribeSecurityGroups'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id: GroupId, name: GroupName } = await makeGroup(tools)
    const rule = { IpProtocol: 'tcp', FromPort: 80, ToPort: 81, CidrIp: '192.0.2.0/24' }
    await ec2.call('AuthorizeSecurityGroupIngress', { GroupName, ...rule })
    assert.deepEqual(await rulesOf(tools, GroupId), ['tcp 80 81 192.0.2.0/24'])
    const { CidrIp, ...ports } = rule
    const IpPermissions = [{ ...ports, IpRanges: [{ CidrIp }] }]
    await ec2.call('RevokeSecurityGroupIngress', { GroupId, IpPermissions })
    assert.deepEqual(await rulesOf(tools, GroupId), [])
  },
})

const tcp = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: everybody }
const malformed: ByFidelity<Refusal> = {
  eucalyptus: refusal('InvalidPermission.Malformed', 400),
  aws: refusal('InvalidParameterValue', 400),
}
const impossible: readonly [Parameters, Refusal | ByFidelity<Refusal>][] = [
  [{ IpProtocol: 'carrier-pigeon' }, malformed],
  [{ FromPort: 70_000, ToPort: 70_000 }, malformed],
  [{ FromPort: 80, ToPort: 22 }, malformed],
  [{ FromPort: undefined, ToPort: undefined }, malformed],
  [{ IpRanges: [{ CidrIp: '300.1.2.3/8' }] }, malformed],
  [{ IpRanges: [{ CidrIp: '10.0.0.0/33' }] }, malformed],
  [{ IpRanges: [], Groups: [{ GroupName: 'a group that nobody has' }] }, refusal('InvalidGroup.NotFound', 400)],
]

const refusals: Case = defineCase({
  ...base,
  id: 'groups/rules-that-cannot-be',
  title: 'unknown protocols, ports and ranges that are none, and groups that nobody has make no rule',
  covers: ['AuthorizeSecurityGroupIngress', 'DescribeSecurityGroups'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id: GroupId } = await makeGroup(tools)
    for (const [wrong, expected] of impossible) {
      // What comes with it is not kept either.
      const IpPermissions = [tcp, { ...tcp, ...wrong }]
      await tools.refuses(ec2.call('AuthorizeSecurityGroupIngress', { GroupId, IpPermissions }), expected)
    }
    assert.deepEqual(await rulesOf(tools, GroupId), [])
  },
})

const egress: Case = defineCase({
  ...base,
  id: 'groups/egress',
  title: 'what instances may send is a matter of rules in a VPC, as in all of AWS; elsewhere Eucalyptus refuses them',
  covers: ['AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress', 'DescribeSecurityGroups'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id: GroupId } = await makeGroup(tools)
    const asked = { GroupId, IpPermissions: [tcp] }
    const change = (verb: string) => ec2.call(`${verb}SecurityGroupEgress`, asked)
    const describe = async () =>
      list(await ec2.call('DescribeSecurityGroups', { GroupId: [GroupId] }), 'securityGroupInfo')[0]
    if (!isInVpc(tools, await describe())) {
      for (const verb of ['Authorize', 'Revoke'])
        await tools.refuses(change(verb), refusal('InvalidGroup.NotFound', 400))
      return
    }
    const look = async () =>
      list(await describe(), 'ipPermissionsEgress').map(
        (one) => `${text(one, 'ipProtocol')} ${text(one, 'toPort') ?? ''}`,
      )
    assert.deepEqual(await look(), ['-1 '])
    await change('Authorize')
    assert.deepEqual((await look()).sort(), ['-1 ', 'tcp 22'])
    await change('Revoke')
    assert.deepEqual(await look(), ['-1 '])
  },
})

export default [both, flat, refusals, egress]
