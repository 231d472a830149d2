import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { type GuestReport, reportOf } from '../../guest.ts'
import { addRole, makeProfile, makeRole } from '../../iam.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { findInstance, runInstance, untilRunning } from '../../instances.ts'
import { makeKeyPair } from '../../key-pairs.ts'
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
  const shown = await findInstance(tools.administrator, id)
  const said = (name: string) => text(shown, name)
  assert.deepEqual(
    {
      'instance-id': read('instance-id'),
      'ami-id': read('ami-id'),
      'instance-type': read('instance-type'),
      'ami-launch-index': read('ami-launch-index'),
      'local-ipv4': read('local-ipv4'),
      'public-ipv4': read('public-ipv4'),
      zone: read('placement/availability-zone'),
    },
    {
      'instance-id': id,
      'ami-id': said('imageId'),
      'instance-type': said('instanceType'),
      'ami-launch-index': '0',
      'local-ipv4': said('privateIpAddress'),
      'public-ipv4': said('ipAddress'),
      zone: text(shown, 'placement', 'availabilityZone'),
    },
  )
  assert.ok(read('reservation-id')?.startsWith('r-'))
  assert.ok(read('local-hostname'))
  assert.equal(read('hostname'), read('local-hostname'))
}

const hvm: Case = defineCase({
  id: 'metadata/tree',
  title: 'an HVM guest reads its key, its group, its devices and the credentials of its role, and none of a kernel',
  level: 'MUST',
  covers: ['RunInstances', 'DescribeInstances', 'CreateKeyPair', 'AddRoleToInstanceProfile'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'key-pairs', 'security-groups', 'iam'],
  source,
  seconds: 15,
  cents: 1,
  async run(tools) {
    const { account } = tools.administrator
    const { name: KeyName } = await makeKeyPair(tools)
    const [group, role, profile] = [await makeGroup(tools), await makeRole(tools), await makeProfile(tools)]
    await addRole(tools, profile, role)
    const { files } = await starterImage('hvm')
    const { location } = await uploadBundle(tools, { image: files.disk })
    const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    const launch = { ImageId, KeyName, SecurityGroup: [group.name], IamInstanceProfile: { Name: profile.name } }
    const id = await runInstance(tools, launch)
    await untilRunning(tools, id)
    const report = await reportOf(tools, id)
    const read = reader(report)
    await assertCommon(tools, id, read)
    assert.equal(report.userData, null, 'the guest of a launch without user-data reads some')
    assert.match(read('public-keys/0/openssh-key') ?? '', /^ssh-rsa \S+/)
    assert.deepEqual(read('security-groups')?.split('\n'), [group.name])
    if (tools.target.fidelity === 'eucalyptus') assert.equal(read('ami-manifest-path'), location)
    assert.deepEqual([read('kernel-id'), read('ramdisk-id')], [undefined, undefined])
    assert.equal(read('block-device-mapping/ami')?.replace('/dev/', ''), 'sda')
    assert.equal(read('block-device-mapping/root'), '/dev/sda')
    const [card] = report.network.filter(({ addresses }) =>
      addresses.some((one) => one.startsWith(`${read('local-ipv4')}/`)),
    )
    assert.equal(card?.mac.toLowerCase(), read('mac')?.toLowerCase())
    const credentials = JSON.parse(read(`iam/security-credentials/${role.name}`) ?? '{}')
    assert.deepEqual([credentials.Code, credentials.Type], ['Success', 'AWS-HMAC'])
    assert.ok(credentials.AccessKeyId && credentials.SecretAccessKey && credentials.Token)
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
