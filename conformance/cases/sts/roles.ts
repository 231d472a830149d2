import assert from 'node:assert/strict'
import { ServiceError } from '../../../src/client/service-error.ts'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { allowing, makeRole, onceKnown, putPolicy, rootArn, takeOn, trusting } from '../../iam.ts'
import { refusal } from '../../refusal.ts'
import { makeVolume } from '../../volumes.ts'

const source = 'TokensService of Eucalyptus; STS API Reference, AssumeRole'
const base = { level: 'MUST', needs: ['iam'], source, seconds: 3 } as const
/** What an attempt was refused with; undefined for one that was not. What is no answer of the service is thrown on. */
const refusalOf = (attempt: Promise<unknown>): Promise<ServiceError | undefined> =>
  attempt.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof ServiceError) return error
      throw error
    },
  )

/** Whether somebody was refused for who they are: the codes differ between services, and a cloud that fails has none of these. */
const isTurnedAway = (error: ServiceError | undefined): boolean =>
  error !== undefined && [400, 401, 403].includes(error.status)

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
    const { session, keys, expires } = await takeOn(tools, administrator, role)
    const { ec2, sts } = session
    assert.ok(expires > Date.now() + 600_000, 'the session is over within ten minutes')
    const identity = await sts.call('GetCallerIdentity')
    const said = (name: string) => text(identity, 'GetCallerIdentityResult', name) ?? ''
    assert.equal(said('Account'), accountId)
    assert.match(said('Arn'), new RegExp(`assumed-role/${role.name}/conformance$`))
    const denied = refusal('UnauthorizedOperation', 403)
    await tools.refuses(ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), denied)
    await putPolicy(tools, role.name, allowing('ec2:DescribeVolumes'))
    const look = () => ec2.call('DescribeVolumes', { VolumeId: [VolumeId] })
    const shown = list(await onceKnown(tools, 'what the role may do', look), 'volumeSet')
    assert.deepEqual(
      shown.map((volume) => text(volume, 'volumeId')),
      [VolumeId],
    )
    await tools.refuses(ec2.call('DeleteVolume', { VolumeId }), denied)
    for (const token of [{}, { sessionToken: 'forged' }]) {
      const forged = tools.clients({ ...keys, ...token }).ec2.call('DescribeVolumes')
      assert.ok(isTurnedAway(await refusalOf(forged)), 'the keys of a session are taken without its token')
    }
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
    // Once the later role is known, it is not for want of news that the earlier one is refused.
    const { session } = await takeOn(tools, user, open)
    const identity = await session.sts.call('GetCallerIdentity')
    assert.equal(text(identity, 'GetCallerIdentityResult', 'Account'), administrator.account.accountId)
    const asked = { RoleArn: closed.arn, RoleSessionName: 'conformance' }
    await tools.refuses(user.sts.call('AssumeRole', asked), refusal('AccessDenied', 403))
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
    const ask = (parameters: object) =>
      sts.call('AssumeRole', { RoleArn, RoleSessionName: 'conformance', ...parameters })
    await tools.refuses(ask({ RoleArn: `${RoleArn}-of-nobody` }), refusal('AccessDenied', 403))
    const invalid = refusal('ValidationError', 400)
    for (const RoleSessionName of ['x', 'a session', 's'.repeat(65)])
      await tools.refuses(ask({ RoleSessionName }), invalid)
    for (const DurationSeconds of [60, 100_000]) await tools.refuses(ask({ DurationSeconds }), invalid)
    const soon = await onceKnown(tools, 'a session of a quarter of an hour', () => ask({ DurationSeconds: 900 }))
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
    const { session } = await takeOn(tools, administrator, role)
    await session.sts.call('GetCallerIdentity')
    await administrator.iam.call('DeleteRole', { RoleName: role.name })
    const look = () => refusalOf(session.sts.call('GetCallerIdentity'))
    await tools.until('the end of the session', look, isTurnedAway)
  },
})

export default [taken, trusted, refusals, ended]
