import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { makeGroup } from '../../groups.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const source =
  'eucalyptus-behaviour.md sections 1.5 and 13; NetworkGroupManager of Eucalyptus; EC2 API Reference, CreateSecurityGroup'
const base = { level: 'MUST', needs: ['security-groups'], source, seconds: 2 } as const
const notFound = refusal('InvalidGroup.NotFound', 400)

/** A group by its id. Throws ServiceError. */
const find = async ({ ec2 }: Clients, id: string): Promise<Xml | undefined> =>
  list(await ec2.call('DescribeSecurityGroups', { GroupId: [id] }), 'securityGroupInfo')[0]

const life: Case = defineCase({
  ...base,
  id: 'groups/made-and-deleted',
  title: 'a new group lets nothing in, its name is taken until it is deleted, and then there is none',
  covers: ['CreateSecurityGroup', 'DescribeSecurityGroups', 'DeleteSecurityGroup'],
  async run(tools) {
    const { administrator } = tools
    const { ec2, account } = administrator
    const { id, name } = await makeGroup(tools)
    const group = await find(administrator, id)
    const fields = ['groupName', 'groupId', 'ownerId', 'groupDescription'].map((field) => text(group, field))
    assert.deepEqual(fields, [name, id, account.accountId, 'conformance'])
    assert.deepEqual(list(group, 'ipPermissions'), [])
    const again = ec2.call('CreateSecurityGroup', { GroupName: name, GroupDescription: 'conformance' })
    await tools.refuses(again, refusal('InvalidGroup.Duplicate', 400))
    assert.equal(text(await ec2.call('DeleteSecurityGroup', { GroupName: name }), 'return'), 'true')
    await tools.refuses(find(administrator, id), notFound)
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupId: id }), notFound)
  },
})

const names: Case = defineCase({
  ...base,
  id: 'groups/names-have-limits',
  title: 'a name has 1 to 255 characters and does not look like an id; a group has a description',
  covers: ['CreateSecurityGroup'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const GroupDescription = 'conformance'
    const invalid = refusal('InvalidParameterValue', 400)
    for (const GroupName of ['sg-12345678', 'a'.repeat(256), 'naïve']) {
      await tools.refuses(ec2.call('CreateSecurityGroup', { GroupName, GroupDescription }), invalid)
    }
    const missing = refusal('MissingParameter', 400)
    await tools.refuses(ec2.call('CreateSecurityGroup', { GroupName: tools.name('group') }), missing)
    const GroupName = tools.name('group').padEnd(255, 'x')
    const GroupId = text(await ec2.call('CreateSecurityGroup', { GroupName, GroupDescription }), 'groupId')
    tools.later(`group ${GroupId}`, () => ec2.call('DeleteSecurityGroup', { GroupId }))
    assert.equal(text(await find(tools.administrator, GroupId ?? ''), 'groupName'), GroupName)
  },
})

const defaults: Case = defineCase({
  ...base,
  id: 'groups/default-group',
  title: 'every account has a group called default, which can be neither made nor deleted',
  covers: ['DescribeSecurityGroups', 'CreateSecurityGroup', 'DeleteSecurityGroup'],
  needs: ['security-groups', 'two-accounts'],
  async run(tools) {
    for (const { ec2, account } of [tools.administrator, tools.user]) {
      const groups = list(await ec2.call('DescribeSecurityGroups', { GroupName: ['default'] }), 'securityGroupInfo')
      assert.deepEqual(
        groups.map((group) => [text(group, 'groupName'), text(group, 'ownerId')]),
        [['default', account.accountId]],
      )
      const GroupName = 'default'
      await tools.refuses(ec2.call('CreateSecurityGroup', { GroupName, GroupDescription: 'again' }), {
        eucalyptus: refusal('InvalidGroup.Duplicate', 400),
        aws: refusal('InvalidParameterValue', 400),
      })
      await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupName }), {
        eucalyptus: refusal('InvalidGroup.Reserved', 400),
        aws: refusal('CannotDelete', 400),
      })
    }
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'groups/belong-to-an-account',
  title: "another account's group is neither seen, nor changed, nor deleted, and its name is free",
  covers: ['DescribeSecurityGroups', 'AuthorizeSecurityGroupIngress', 'DeleteSecurityGroup', 'CreateSecurityGroup'],
  needs: ['security-groups', 'two-accounts'],
  async run(tools) {
    const { ec2 } = tools.user
    const { id, name } = await makeGroup(tools)
    await tools.refuses(find(tools.user, id), notFound)
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupId: id }), notFound)
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
    await tools.refuses(ec2.call('AuthorizeSecurityGroupIngress', { GroupId: id, IpPermissions }), notFound)
    const asked = { GroupName: name, GroupDescription: 'conformance' }
    const GroupId = text(await ec2.call('CreateSecurityGroup', asked), 'groupId')
    tools.later(`group ${GroupId}`, () => ec2.call('DeleteSecurityGroup', { GroupId }))
    assert.notEqual(GroupId, id)
    assert.deepEqual(list(await find(tools.administrator, id), 'ipPermissions'), [])
  },
})

const inUse: Case = defineCase({
  ...base,
  id: 'groups/in-use-cannot-be-deleted',
  title: 'a group is kept while an instance is in it, which shows it, and can be deleted when that has ended',
  covers: ['DeleteSecurityGroup', 'RunInstances', 'DescribeInstances'],
  needs: ['security-groups', 's3', 'images', 'instance-store'],
  seconds: 8,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id: GroupId, name } = await makeGroup(tools)
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools), SecurityGroup: [name] })
    const instance = await untilRunning(tools, id)
    assert.deepEqual(
      list(instance, 'groupSet').map((group) => [text(group, 'groupId'), text(group, 'groupName')]),
      [[GroupId, name]],
    )
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupId }), {
      eucalyptus: refusal('InvalidGroup.InUse', 400),
      aws: refusal('DependencyViolation', 400),
    })
    assert.ok(await find(tools.administrator, GroupId))
    await endInstance(tools, id)
    assert.equal(text(await ec2.call('DeleteSecurityGroup', { GroupId }), 'return'), 'true')
  },
})

const ids: Case = defineCase({
  ...base,
  id: 'groups/ids-that-name-no-group',
  title: 'ids of no group are refused, and a group has to be named',
  covers: ['DescribeSecurityGroups', 'DeleteSecurityGroup'],
  async run(tools) {
    const { ec2 } = tools.administrator
    await tools.refuses(find(tools.administrator, 'sg-00000000'), notFound)
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupId: 'sg-00000000' }), notFound)
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupName: tools.name('nobody') }), notFound)
    await tools.refuses(ec2.call('DeleteSecurityGroup'), {
      eucalyptus: refusal('InternalFailure', 500),
      aws: refusal('MissingParameter', 400),
    })
    const named = ec2.call('DescribeSecurityGroups', { GroupName: [tools.name('nobody')] })
    // A name that no group has is no fault in Eucalyptus.
    if (tools.target.fidelity === 'aws') await tools.refuses(named, notFound)
    else assert.deepEqual(list(await named, 'securityGroupInfo'), [])
  },
})

export default [life, names, defaults, owners, inUse, ids]
