import { describe, expect, test } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { behind, makeProfile, makeRole, policy } from '../sessions.harness.ts'
import { instanceRole } from './instance-role.ts'

/** A cloud with an instance that was launched with a profile; how its metadata service sees its role. */
async function withInstance(fidelity: 'eucalyptus' | 'aws') {
  const it = await freshCloud({ fidelity })
  await makeRole(it, 'web', ['ec2:DescribeImages'])
  await makeProfile(it, 'web')
  const id = await it.run({ 'IamInstanceProfile.Name': 'web' })
  return { it, id, see: (cloud: TestCloud = it) => instanceRole(cloud.cloud, cloud.cloud.instances.get(id)!) }
}

const senderOf = (it: TestCloud, see: () => ReturnType<typeof instanceRole>) => {
  const { accessKeyId = '', securityToken } = see()?.credentials ?? {}
  return behind(it, accessKeyId, securityToken)
}

describe('the credentials of an instance', () => {
  test.each(['eucalyptus', 'aws'] as const)('are its role’s, in its own name, in %s', async (fidelity) => {
    const { it, id, see } = await withInstance(fidelity)
    expect(see()).toMatchObject({ exists: true, roleName: 'web', profileId: expect.stringMatching(/^AIPAA/) })
    const sender = senderOf(it, see)
    expect(sender).toMatchObject({ session: { name: id }, expired: false })
    expect(sender?.secret).toBe(see()?.credentials?.secretAccessKey)
    expect(sender?.caller).toMatchObject({ accountId: it.administrator.accountId, administrator: false })
    expect(sender?.caller.role?.may('ec2:DescribeImages')).toBe(true)
    expect(sender?.caller.role?.may('ec2:RunInstances')).toBe(false)
  })

  test.each([
    ['eucalyptus', 1800, 3600],
    ['aws', 3600, 21_600],
  ] as const)('are exchanged in %s every %i s, and good for %i s', async (fidelity, every, good) => {
    const { it, see } = await withInstance(fidelity)
    const first = see()
    expect(first?.credentials?.expiresAt).toEqual(new Date(it.clock.now().getTime() + good * 1000))
    await it.clock.advance(every * 1000 - 1)
    expect(see()).toEqual(first)
    await it.clock.advance(1)
    const second = see()
    expect(second?.lastUpdated).toEqual(it.clock.now())
    expect(second?.credentials?.accessKeyId).not.toBe(first?.credentials?.accessKeyId)
    // The first ones still work for those who have not asked again.
    expect(senderOf(it, () => first)?.expired).toBe(false)
    await it.clock.advance((good - every) * 1000)
    expect(senderOf(it, () => first)?.expired).toBe(true)
  })

  test('are the same after a restart of the emulator', async () => {
    const { it, see } = await withInstance('eucalyptus')
    await it.idle()
    const before = see()
    const next = await it.restart('crash')
    expect(see(next)).toEqual(before)
    expect(senderOf(next, () => before)?.session?.role.name).toBe('web')
  })
})

describe('there are none', () => {
  test('without a profile', async () => {
    const it = await freshCloud()
    const id = await it.run()
    expect(instanceRole(it.cloud, it.cloud.instances.get(id)!)).toBeUndefined()
  })

  test('when the role was taken out, and others when another one was put in', async () => {
    const { it, see } = await withInstance('aws')
    await it.call('RemoveRoleFromInstanceProfile', { InstanceProfileName: 'web', RoleName: 'web' })
    expect(see()).toMatchObject({ exists: true, roleName: undefined, credentials: undefined })
    await makeRole(it, 'other', [])
    await it.call('AddRoleToInstanceProfile', { InstanceProfileName: 'web', RoleName: 'other' })
    expect(see()).toMatchObject({ roleName: 'other', credentials: { accessKeyId: expect.any(String) } })
  })

  test('when the profile was deleted', async () => {
    const { it, see } = await withInstance('eucalyptus')
    await it.call('DeleteInstanceProfile', { InstanceProfileName: 'web' })
    expect(see()).toMatchObject({ exists: false, roleName: undefined, credentials: undefined })
  })

  test('of a role that does not trust EC2', async () => {
    const it = await freshCloud()
    const AssumeRolePolicyDocument = policy({ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:*' })
    await it.call('CreateRole', { RoleName: 'web', AssumeRolePolicyDocument })
    await makeProfile(it, 'web')
    const id = await it.run({ 'IamInstanceProfile.Name': 'web' })
    expect(instanceRole(it.cloud, it.cloud.instances.get(id)!)).toMatchObject({
      roleName: 'web',
      credentials: undefined,
    })
  })
})
