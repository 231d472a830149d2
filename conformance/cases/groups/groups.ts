import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { runBlank } from '../../ebs-instances.ts'
import { askForGroup, deleteGroup, isInVpc, makeGroup } from '../../groups.ts'
import { endInstance, findInstance } from '../../instances.ts'
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
    const again = askForGroup(tools, { GroupName: name, GroupDescription: 'conformance' })
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
    const GroupDescription = 'conformance'
    const invalid = refusal('InvalidParameterValue', 400)
    const name = () => tools.name('group')
    for (const GroupName of [`sg-${name()}`, name().padEnd(256, 'x'), `${name()}-naïve`]) {
      await tools.refuses(askForGroup(tools, { GroupName, GroupDescription }), invalid)
    }
    await tools.refuses(askForGroup(tools, { GroupName: name() }), refusal('MissingParameter', 400))
    const GroupName = name().padEnd(255, 'x')
    const id = await askForGroup(tools, { GroupName, GroupDescription })
    assert.equal(text(await find(tools.administrator, id), 'groupName'), GroupName)
  },
})

const defaults: Case = defineCase({
  ...base,
  id: 'groups/default-group',
  title: 'every account has a group called default, which can be neither made nor deleted',
  covers: ['DescribeSecurityGroups', 'CreateSecurityGroup', 'DeleteSecurityGroup'],
  needs: ['security-groups', 'two-accounts'],
  async run(tools) {
    for (const clients of [tools.administrator, tools.user]) {
      const { ec2, account } = clients
      const GroupName = 'default'
      const look = async () =>
        list(await ec2.call('DescribeSecurityGroups', { GroupName: [GroupName] }), 'securityGroupInfo')
      const groups = await look()
      // Eucalyptus has one for each VPC.
      assert.ok(groups.length > 0 && groups.length <= tools.of({ eucalyptus: 100, aws: 1 }))
      for (const group of groups) {
        assert.deepEqual([text(group, 'groupName'), text(group, 'ownerId')], [GroupName, account.accountId])
      }
      await tools.refuses(askForGroup(tools, { GroupName, GroupDescription: 'again' }, clients), {
        eucalyptus: refusal('InvalidGroup.Duplicate', 400),
        aws: refusal('InvalidParameterValue', 400),
      })
      const code = isInVpc(tools, groups[0]) ? 'CannotDelete' : 'InvalidGroup.Reserved'
      await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupName }), refusal(code, 400))
      assert.equal((await look()).length, groups.length)
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
    const theirs = await askForGroup(tools, { GroupName: name, GroupDescription: 'conformance' }, tools.user)
    assert.notEqual(theirs, id)
    assert.deepEqual(list(await find(tools.administrator, id), 'ipPermissions'), [])
  },
})

const inUse: Case = defineCase({
  ...base,
  id: 'groups/in-use-cannot-be-deleted',
  title: 'a group is kept while an instance is in it, which shows it, and can be deleted when that has ended',
  covers: ['DeleteSecurityGroup', 'RunInstances', 'DescribeInstances'],
  needs: ['security-groups', 'ebs'],
  seconds: 10,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id: GroupId, name } = await makeGroup(tools)
    const { id } = await runBlank(tools, { SecurityGroup: [name] })
    assert.deepEqual(
      list(await findInstance(tools.administrator, id), 'groupSet').map((group) => [
        text(group, 'groupId'),
        text(group, 'groupName'),
      ]),
      [[GroupId, name]],
    )
    const group = await find(tools.administrator, GroupId)
    const code = isInVpc(tools, group) ? 'DependencyViolation' : 'InvalidGroup.InUse'
    await tools.refuses(ec2.call('DeleteSecurityGroup', { GroupId }), refusal(code, 400))
    assert.ok(await find(tools.administrator, GroupId))
    await endInstance(tools, id)
    await deleteGroup(tools, GroupId)
    await tools.refuses(find(tools.administrator, GroupId), notFound)
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
