import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerBlankSnapshot } from '../../ebs-instances.ts'
import {
  addRole,
  allowing,
  askForRole,
  listed,
  makeProfile,
  makeRole,
  putPolicy,
  runWithProfile,
  trusting,
} from '../../iam.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const source = 'EuareService of Eucalyptus; IAM API Reference'
const base = { level: 'MUST', needs: ['iam'], source, seconds: 2 } as const
const notFound = refusal('NoSuchEntity', 404)
const namesOf = (entries: readonly Xml[], field: string) => entries.map((one) => text(one, field))
const namesIn = (answer: Xml, result: string, field: string, name: string) =>
  list(answer, result, field).map((one) => (typeof one === 'string' ? one : text(one, name)))

const life: Case = defineCase({
  ...base,
  id: 'iam/roles',
  title: 'a role is made with who may take it on, shown, listed and deleted; its name is taken meanwhile',
  covers: ['CreateRole', 'GetRole', 'ListRoles', 'DeleteRole'],
  async run(tools) {
    const { iam, account } = tools.administrator
    const trust = trusting({ Service: 'ec2.amazonaws.com' })
    const { name, arn } = await makeRole(tools, trust)
    assert.match(arn, new RegExp(`^arn:aws:iam::${account.accountId}:role/(.*/)?${name}$`))
    const role = await iam.call('GetRole', { RoleName: name })
    const shown = (field: string) => text(role, 'GetRoleResult', 'Role', field) ?? ''
    assert.deepEqual([shown('RoleName'), shown('Arn'), shown('Path')], [name, arn, '/'])
    assert.deepEqual(JSON.parse(decodeURIComponent(shown('AssumeRolePolicyDocument'))), JSON.parse(trust))
    const look = async () => namesOf(await listed(tools.administrator, 'ListRoles', 'Roles'), 'RoleName')
    await tools.until(`${name} among the roles`, look, (names) => names.includes(name))
    const again = iam.call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust })
    await tools.refuses(again, refusal('EntityAlreadyExists', 409))
    await iam.call('DeleteRole', { RoleName: name })
    for (const action of ['GetRole', 'DeleteRole']) await tools.refuses(iam.call(action, { RoleName: name }), notFound)
    await tools.until(`${name} no longer among the roles`, look, (names) => !names.includes(name))
  },
})

const policies: Case = defineCase({
  ...base,
  id: 'iam/role-policies',
  title: 'a policy of a role is kept as it was given, replaced and deleted; a role that has one is not deleted',
  covers: ['PutRolePolicy', 'GetRolePolicy', 'ListRolePolicies', 'DeleteRolePolicy', 'DeleteRole'],
  async run(tools) {
    const { iam } = tools.administrator
    const { name: RoleName } = await makeRole(tools)
    const PolicyName = await putPolicy(tools, RoleName, allowing('ec2:DescribeVolumes'))
    const read = async () => {
      const answer = await iam.call('GetRolePolicy', { RoleName, PolicyName })
      return JSON.parse(decodeURIComponent(text(answer, 'GetRolePolicyResult', 'PolicyDocument') ?? ''))
    }
    assert.deepEqual(await read(), JSON.parse(allowing('ec2:DescribeVolumes')))
    const PolicyDocument = allowing('ec2:DescribeImages')
    await iam.call('PutRolePolicy', { RoleName, PolicyName, PolicyDocument })
    assert.deepEqual(await read(), JSON.parse(PolicyDocument))
    const names = async () =>
      namesIn(await iam.call('ListRolePolicies', { RoleName }), 'ListRolePoliciesResult', 'PolicyNames', '')
    assert.deepEqual(await names(), [PolicyName])
    await tools.refuses(iam.call('DeleteRole', { RoleName }), refusal('DeleteConflict', 409))
    await iam.call('DeleteRolePolicy', { RoleName, PolicyName })
    assert.deepEqual(await names(), [])
    await tools.refuses(iam.call('GetRolePolicy', { RoleName, PolicyName }), notFound)
  },
})

const malformed: Case = defineCase({
  ...base,
  id: 'iam/documents-that-cannot-be',
  title: 'documents that are none, bad names and bad paths are refused, and make no role and no policy',
  covers: ['CreateRole', 'PutRolePolicy', 'GetRole', 'GetRolePolicy'],
  async run(tools) {
    const { iam } = tools.administrator
    const RoleName = tools.name('role')
    const AssumeRolePolicyDocument = trusting({ Service: 'ec2.amazonaws.com' })
    const bad = refusal('MalformedPolicyDocument', 400)
    for (const document of ['no JSON', '{}', '{"Statement":[{"Effect":"Perhaps"}]}']) {
      await tools.refuses(askForRole(tools, { RoleName, AssumeRolePolicyDocument: document }), bad)
    }
    const invalid = refusal('ValidationError', 400)
    const names = [{ RoleName: `${tools.name('a')} role` }, { RoleName: tools.name('role').padEnd(65, 'r') }]
    for (const wrong of [...names, { Path: 'no path' }]) {
      await tools.refuses(askForRole(tools, { RoleName, AssumeRolePolicyDocument, ...wrong }), invalid)
    }
    await tools.refuses(iam.call('GetRole', { RoleName }), notFound)
    const policy = { RoleName: (await makeRole(tools)).name, PolicyName: 'policy' }
    tools.later('the policy that is none', () => iam.call('DeleteRolePolicy', policy))
    await tools.refuses(iam.call('PutRolePolicy', { ...policy, PolicyDocument: 'no JSON' }), bad)
    await tools.refuses(iam.call('GetRolePolicy', policy), notFound)
  },
})

const profiles: Case = defineCase({
  ...base,
  id: 'iam/instance-profiles',
  title: 'an instance profile holds a role, which is not deleted meanwhile, until that is taken out',
  covers: [
    ...['CreateInstanceProfile', 'GetInstanceProfile', 'ListInstanceProfiles', 'DeleteInstanceProfile'],
    ...['AddRoleToInstanceProfile', 'ListInstanceProfilesForRole', 'RemoveRoleFromInstanceProfile', 'DeleteRole'],
  ],
  async run(tools) {
    const { iam } = tools.administrator
    const role = await makeRole(tools)
    const profile = await makeProfile(tools)
    const InstanceProfileName = profile.name
    const rolesOf = async () => {
      const answer = await iam.call('GetInstanceProfile', { InstanceProfileName })
      return list(answer, 'GetInstanceProfileResult', 'InstanceProfile', 'Roles').map((one) => text(one, 'RoleName'))
    }
    const held = async () => {
      const answer = await iam.call('ListInstanceProfilesForRole', { RoleName: role.name })
      const name = 'InstanceProfileName'
      return namesIn(answer, 'ListInstanceProfilesForRoleResult', 'InstanceProfiles', name)
    }
    assert.deepEqual([await rolesOf(), await held()], [[], []])
    await addRole(tools, profile, role)
    assert.deepEqual([await rolesOf(), await held()], [[role.name], [profile.name]])
    await tools.refuses(iam.call('DeleteRole', { RoleName: role.name }), refusal('DeleteConflict', 409))
    const look = async () =>
      namesOf(await listed(tools.administrator, 'ListInstanceProfiles', 'InstanceProfiles'), 'InstanceProfileName')
    await tools.until(`${profile.name} among the profiles`, look, (names) => names.includes(profile.name))
    await iam.call('RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName: role.name })
    assert.deepEqual([await rolesOf(), await held()], [[], []])
    const again = iam.call('CreateInstanceProfile', { InstanceProfileName })
    await tools.refuses(again, refusal('EntityAlreadyExists', 409))
    await iam.call('DeleteInstanceProfile', { InstanceProfileName })
    await tools.refuses(iam.call('GetInstanceProfile', { InstanceProfileName }), notFound)
  },
})

const launched: Case = defineCase({
  ...base,
  id: 'iam/instances-with-a-profile',
  title: 'an instance shows the profile that it was launched with; a profile that there is not is refused',
  covers: ['RunInstances', 'DescribeInstances'],
  needs: ['iam', 'ebs'],
  seconds: 8,
  cents: 1,
  async run(tools) {
    const [role, profile] = [await makeRole(tools), await makeProfile(tools)]
    await addRole(tools, profile, role)
    const { ImageId } = await registerBlankSnapshot(tools)
    const id = await runWithProfile(tools, profile, { ImageId })
    assert.equal(text(await untilRunning(tools, id), 'iamInstanceProfile', 'arn'), profile.arn)
    const nobody = runInstance(tools, { ImageId, IamInstanceProfile: { Name: tools.name('nobody') } })
    await tools.refuses(nobody, refusal('InvalidParameterValue', 400))
  },
})

const users: Case = defineCase({
  ...base,
  id: 'iam/users',
  title: 'who asks is a user of its account, and is listed; a user that there is not is refused',
  covers: ['GetUser', 'ListUsers'],
  async run(tools) {
    const { iam, account } = tools.administrator
    const answer = await iam.call('GetUser')
    const shown = (field: string) => text(answer, 'GetUserResult', 'User', field) ?? ''
    assert.match(shown('Arn'), new RegExp(`^arn:aws:iam::${account.accountId}:`))
    assert.ok(
      shown('UserName'),
      'the keys are those of no user: AWS knows none behind those of an account itself (root)',
    )
    assert.ok(namesOf(await listed(tools.administrator, 'ListUsers', 'Users'), 'UserName').includes(shown('UserName')))
    await tools.refuses(iam.call('GetUser', { UserName: tools.name('nobody') }), notFound)
  },
})

const accounts: Case = defineCase({
  ...base,
  id: 'iam/accounts',
  title: 'the accounts of an Eucalyptus cloud are listed for its administrator, its own for an ordinary one',
  covers: ['ListAccounts'],
  needs: ['iam', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    if (tools.target.fidelity === 'aws') {
      await tools.refuses(administrator.iam.call('ListAccounts'), refusal('InvalidAction', 400))
      return
    }
    const seen = async ({ iam }: typeof user) =>
      namesIn(await iam.call('ListAccounts'), 'ListAccountsResult', 'Accounts', 'AccountId')
    const all = await seen(administrator)
    for (const { account } of [administrator, user]) assert.ok(all.includes(account.accountId))
    assert.deepEqual(await seen(user), [user.account.accountId])
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'iam/roles-belong-to-an-account',
  title: "another account's role and instance profile are not there, and their names are free",
  covers: ['GetRole', 'GetInstanceProfile', 'CreateRole', 'DeleteRole', 'ListRoles'],
  needs: ['iam', 'two-accounts'],
  async run(tools) {
    const { iam } = tools.user
    const [role, profile] = [await makeRole(tools), await makeProfile(tools)]
    for (const action of ['GetRole', 'DeleteRole']) {
      await tools.refuses(iam.call(action, { RoleName: role.name }), notFound)
    }
    await tools.refuses(iam.call('GetInstanceProfile', { InstanceProfileName: profile.name }), notFound)
    assert.ok(!namesOf(await listed(tools.user, 'ListRoles', 'Roles'), 'RoleName').includes(role.name))
    const RoleName = role.name
    const asked = { RoleName, AssumeRolePolicyDocument: trusting({ Service: 'ec2.amazonaws.com' }) }
    const made = await askForRole(tools, asked, tools.user)
    assert.notEqual(text(made, 'CreateRoleResult', 'Role', 'Arn'), role.arn)
    assert.equal(
      text(await tools.administrator.iam.call('GetRole', { RoleName }), 'GetRoleResult', 'Role', 'Arn'),
      role.arn,
    )
  },
})

const pages: Case = defineCase({
  ...base,
  id: 'iam/lists-come-in-pages',
  title: 'roles below a path come in pages of two in AWS, each once; Eucalyptus lists them at once',
  level: 'SHOULD',
  covers: ['ListRoles', 'CreateRole'],
  async run(tools) {
    const { iam } = tools.administrator
    const PathPrefix = `/${tools.name('path')}/`
    const AssumeRolePolicyDocument = trusting({ Service: 'ec2.amazonaws.com' })
    const made = ['a', 'b', 'c'].map((word) => tools.name(word))
    for (const RoleName of made) {
      await askForRole(tools, { RoleName, Path: PathPrefix, AssumeRolePolicyDocument })
    }
    const walk = async () => {
      const pages: string[][] = []
      let Marker: string | undefined
      do {
        const answer: Xml = await iam.call('ListRoles', { PathPrefix, MaxItems: 2, Marker })
        pages.push(namesIn(answer, 'ListRolesResult', 'Roles', 'RoleName').map(String))
        const isMore = text(answer, 'ListRolesResult', 'IsTruncated') === 'true'
        Marker = isMore ? text(answer, 'ListRolesResult', 'Marker') : undefined
      } while (Marker !== undefined)
      return pages
    }
    const isWhole = (pages: string[][]) => pages.flat().length >= made.length
    const pages = await tools.until('all three roles', walk, isWhole)
    assert.deepEqual(pages.flat().sort(), [...made].sort())
    // A page of AWS may have fewer entries than were asked for, too.
    const isCut = pages.length > 1 && pages.every((page) => page.length <= 2)
    assert.equal(
      tools.target.fidelity === 'aws' ? isCut : pages.length === 1,
      true,
      `pages of ${pages.map((page) => page.length)}`,
    )
  },
})

export default [life, policies, malformed, profiles, launched, users, accounts, owners, pages]
