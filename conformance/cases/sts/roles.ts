import assert from 'node:assert/strict'
import { queryClient } from '../../../src/client/ec2.ts'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { allowing, makeRole, putPolicy, rootArn, trusting } from '../../iam.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { makeVolume } from '../../volumes.ts'

const source = 'TokensService of Eucalyptus; STS API Reference, AssumeRole'
const base = { level: 'MUST', needs: ['iam'], source, seconds: 3 } as const
const session = 'conformance'

/** Takes a role on and gives EC2 and STS as its session sees them. */
async function assume({ target }: Tools, { sts }: Clients, RoleArn: string) {
  const answer = await sts.call('AssumeRole', { RoleArn, RoleSessionName: session })
  const credential = (name: string) => text(answer, 'AssumeRoleResult', 'Credentials', name) ?? ''
  const keys = { accessKeyId: credential('AccessKeyId'), secretAccessKey: credential('SecretAccessKey') }
  const signer = { ...keys, sessionToken: credential('SessionToken'), region: target.region }
  const client = (service: 'ec2' | 'sts', version: string, sessionToken = signer.sessionToken) =>
    queryClient({ ...signer, sessionToken, endpoint: target.endpoints[service], service, version })
  return {
    expires: Date.parse(credential('Expiration')),
    ec2: client('ec2', '2015-10-01'),
    sts: client('sts', '2011-06-15'),
    /** Its keys with a token that is none. */
    forged: client('ec2', '2015-10-01', 'forged'),
  }
}

const taken: Case = defineCase({
  ...base,
  id: 'sts/role-is-taken-on',
  title: 'a session of a role may do what the policies of the role allow, from when they do, and nothing else',
  covers: ['AssumeRole', 'GetCallerIdentity', 'PutRolePolicy', 'DescribeVolumes'],
  needs: ['iam', 'ebs'],
  async run(tools) {
    const { administrator } = tools
    const { accountId } = administrator.account
    const VolumeId = await makeVolume(tools)
    const role = await makeRole(tools, trusting({ AWS: rootArn(accountId) }))
    const { ec2, sts, expires, forged } = await assume(tools, administrator, role.arn)
    assert.ok(expires > Date.now() + 600_000, 'the session is over within ten minutes')
    const identity = await sts.call('GetCallerIdentity')
    const said = (name: string) => text(identity, 'GetCallerIdentityResult', name) ?? ''
    assert.equal(said('Account'), accountId)
    assert.match(said('Arn'), new RegExp(`assumed-role/${role.name}/${session}$`))
    const denied = refusal('UnauthorizedOperation', 403)
    await tools.refuses(ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), denied)
    await putPolicy(tools, role.name, allowing('ec2:DescribeVolumes'))
    const shown = list(await ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), 'volumeSet')
    assert.deepEqual(
      shown.map((volume) => text(volume, 'volumeId')),
      [VolumeId],
    )
    await tools.refuses(ec2.call('DeleteVolume', { VolumeId }), denied)
    await assert.rejects(forged.call('DescribeVolumes'), { name: 'ServiceError' })
    const [volume] = list(await administrator.ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), 'volumeSet')
    assert.equal(text(volume, 'status'), 'available')
  },
})

const trusted: Case = defineCase({
  ...base,
  id: 'sts/role-of-another-account',
  title:
    'an account that a role trusts takes it on, and is then of the account of the role; one that it does not is refused',
  covers: ['AssumeRole', 'GetCallerIdentity'],
  needs: ['iam', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const [mine, theirs] = [administrator, user].map(({ account }) => trusting({ AWS: rootArn(account.accountId) }))
    const closed = await makeRole(tools, mine)
    const open = await makeRole(tools, theirs)
    await tools.refuses(assume(tools, user, closed.arn), refusal('AccessDenied', 403))
    const { sts } = await assume(tools, user, open.arn)
    const identity = await sts.call('GetCallerIdentity')
    assert.equal(text(identity, 'GetCallerIdentityResult', 'Account'), administrator.account.accountId)
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'sts/roles-that-are-not-taken-on',
  title:
    'a role that there is not, a name of a session that cannot be and times that are too short or long are refused',
  covers: ['AssumeRole'],
  async run(tools) {
    const { sts, account } = tools.administrator
    const { arn: RoleArn } = await makeRole(tools, trusting({ AWS: rootArn(account.accountId) }))
    const ask = (parameters: object) => sts.call('AssumeRole', { RoleArn, RoleSessionName: session, ...parameters })
    await tools.refuses(ask({ RoleArn: `${RoleArn}-of-nobody` }), refusal('AccessDenied', 403))
    const invalid = refusal('ValidationError', 400)
    for (const RoleSessionName of ['x', 'a session', 's'.repeat(65)])
      await tools.refuses(ask({ RoleSessionName }), invalid)
    for (const DurationSeconds of [60, 100_000]) await tools.refuses(ask({ DurationSeconds }), invalid)
    const soon = await ask({ DurationSeconds: 900 })
    const expires = Date.parse(text(soon, 'AssumeRoleResult', 'Credentials', 'Expiration') ?? '')
    assert.ok(Math.abs(expires - Date.now() - 900_000) < 300_000, 'the session is not over in a quarter of an hour')
  },
})

const ended: Case = defineCase({
  ...base,
  id: 'sts/sessions-end-with-their-role',
  title: 'the sessions of a role that is deleted are refused',
  covers: ['AssumeRole', 'DeleteRole'],
  async run(tools) {
    const { administrator } = tools
    const role = await makeRole(tools, trusting({ AWS: rootArn(administrator.account.accountId) }))
    const { sts } = await assume(tools, administrator, role.arn)
    await sts.call('GetCallerIdentity')
    await administrator.iam.call('DeleteRole', { RoleName: role.name })
    const look = () =>
      sts.call('GetCallerIdentity').then(
        () => 'taken',
        () => 'refused',
      )
    await tools.until('the end of the session', look, (answer) => answer === 'refused')
  },
})

export default [taken, trusted, refusals, ended]
