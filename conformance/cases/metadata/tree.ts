import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { type GuestReport, reportOf } from '../../guest.ts'
import { addRole, makeProfile, makeRole, type Role, runWithProfile } from '../../iam.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { importKeyPair } from '../../key-pairs.ts'
import { registerStarter, starterImage } from '../../starter.ts'
import type { Tools } from '../../tools.ts'

const source =
  'eucalyptus-behaviour.md section 6.8, and Metadata of section 15; EC2 User Guide, Instance metadata categories'

/** What the guest reads below `meta-data/`. */
const reader =
  ({ metadata }: GuestReport) =>
  (path: string) =>
    metadata?.[`meta-data/${path}`]?.trim()

/** Asserts what both clouds say alike of every instance, against what the API shows of it. */
async function assertCommon(tools: Tools, id: string, read: ReturnType<typeof reader>): Promise<void> {
  const { ec2 } = tools.administrator
  const [reservation] = list(await ec2.call('DescribeInstances', { InstanceId: [id] }), 'reservationSet')
  const [shown] = list(reservation, 'instancesSet')
  const said = (name: string) => text(shown, name)
  assert.deepEqual(
    {
      'instance-id': read('instance-id'),
      'ami-id': read('ami-id'),
      'instance-type': read('instance-type'),
      'ami-launch-index': read('ami-launch-index'),
      'reservation-id': read('reservation-id'),
      'local-ipv4': read('local-ipv4'),
      'public-ipv4': read('public-ipv4'),
      zone: read('placement/availability-zone'),
    },
    {
      'instance-id': id,
      'ami-id': said('imageId'),
      'instance-type': said('instanceType'),
      'ami-launch-index': '0',
      'reservation-id': text(reservation, 'reservationId'),
      'local-ipv4': said('privateIpAddress'),
      'public-ipv4': said('ipAddress'),
      zone: text(shown, 'placement', 'availabilityZone'),
    },
  )
  // The private address where instances have no names.
  const names = ['privateDnsName', 'privateIpAddress'].map(said)
  assert.ok(names.includes(read('local-hostname')), `${read('local-hostname')} is none of ${names}`)
  assert.equal(read('hostname'), read('local-hostname'))
}

/** Asserts that somebody is this role in an instance whose keys the metadata service tells. */
async function assertCredentials(tools: Tools, id: string, role: Role, told: string | undefined): Promise<void> {
  const { Code, Type, AccessKeyId, SecretAccessKey, Token } = JSON.parse(told ?? '{}')
  assert.deepEqual([Code, Type], ['Success', 'AWS-HMAC'])
  assert.ok(AccessKeyId && SecretAccessKey && Token)
  const { accountId } = tools.administrator.account
  const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token }
  const identity = await tools.clients({ accountId, ...keys }).sts.call('GetCallerIdentity')
  const [account, arn = ''] = ['Account', 'Arn'].map((name) => text(identity, 'GetCallerIdentityResult', name))
  assert.equal(account, accountId)
  assert.equal(arn.split(':').at(-1), `assumed-role/${role.name}/${id}`)
}

const hvm: Case = defineCase({
  id: 'metadata/tree',
  title: 'an HVM guest reads its key, its group, its devices and the credentials of its role, and none of a kernel',
  level: 'MUST',
  covers: ['RunInstances', 'DescribeInstances', 'ImportKeyPair', 'AddRoleToInstanceProfile', 'GetCallerIdentity'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'key-pairs', 'security-groups', 'iam'],
  source,
  seconds: 15,
  cents: 1,
  async run(tools) {
    const { account } = tools.administrator
    const key = await importKeyPair(tools)
    const [group, role, profile] = [await makeGroup(tools), await makeRole(tools), await makeProfile(tools)]
    await addRole(tools, profile, role)
    const { files } = await starterImage('hvm')
    const { location } = await uploadBundle(tools, { image: files.disk })
    const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    const launch = { ImageId, KeyName: key.name, SecurityGroup: [group.name] }
    const id = await runWithProfile(tools, profile, launch)
    const shown = await untilRunning(tools, id)
    const report = await reportOf(tools, id)
    const read = reader(report)
    await assertCommon(tools, id, read)
    assert.equal(report.userData, null, 'the guest of a launch without user-data reads some')
    const line = read('public-keys/0/openssh-key')?.split(/\s+/, 2).join(' ')
    assert.equal(line, key.line, 'the guest reads another key than its own')
    assert.deepEqual(read('security-groups')?.split('\n'), [group.name])
    if (tools.target.fidelity === 'eucalyptus') assert.equal(read('ami-manifest-path'), location)
    assert.deepEqual([read('kernel-id'), read('ramdisk-id')], [undefined, undefined])
    const root = tools.of({ eucalyptus: '/dev/sda', aws: text(shown, 'rootDeviceName') })
    assert.equal(read('block-device-mapping/ami')?.replace('/dev/', ''), root?.replace('/dev/', ''))
    assert.equal(read('block-device-mapping/root'), root)
    const [card] = report.network.filter(({ addresses }) =>
      addresses.some((one) => one.startsWith(`${read('local-ipv4')}/`)),
    )
    assert.equal(card?.mac.toLowerCase(), read('mac')?.toLowerCase())
    await assertCredentials(tools, id, role, read(`iam/security-credentials/${role.name}`))
    const document = JSON.parse(report.metadata?.['dynamic/instance-identity/document'] ?? '{}')
    assert.deepEqual([document.instanceId, document.accountId, document.imageId], [id, account.accountId, ImageId])
  },
})

const paravirtual: Case = defineCase({
  id: 'metadata/paravirtual-tree',
  title: 'a paravirtual guest reads its kernel, its ramdisk, its devices and the whole of 16 KB of user-data',
  level: 'MUST',
  covers: ['RunInstances', 'DescribeInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual', 'network'],
  source,
  seconds: 15,
  cents: 1,
  async run(tools) {
    const words = tools.name('words').padEnd(16_384, 'x')
    const ImageId = await registerStarter(tools, 'paravirtual')
    const id = await runInstance(tools, { ImageId, UserData: Buffer.from(words).toString('base64') })
    const shown = await untilRunning(tools, id)
    const report = await reportOf(tools, id)
    const read = reader(report)
    await assertCommon(tools, id, read)
    assert.equal(report.userData, words)
    assert.deepEqual([read('kernel-id'), read('ramdisk-id')], [text(shown, 'kernelId'), text(shown, 'ramdiskId')])
    const devices = ['ami', 'root', 'ephemeral0', 'swap'].map((name) => read(`block-device-mapping/${name}`))
    if (tools.target.fidelity === 'eucalyptus') assert.deepEqual(devices, ['sda1', '/dev/sda1', 'sda2', 'sda3'])
    assert.equal(read('public-keys/0/openssh-key'), undefined, 'a key that nobody gave')
    assert.equal(
      Object.keys(report.metadata ?? {}).some((path) => path.startsWith('meta-data/iam/')),
      false,
      'credentials of a role that nobody gave',
    )
  },
})

export default [hvm, paravirtual]
