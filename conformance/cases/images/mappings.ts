import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { deregisterLater, describeImages, registerImage, rootDevice, uploadBundle } from '../../images.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { makeSnapshot, makeVolume } from '../../volumes.ts'

const source =
  'eucalyptus-behaviour.md sections 2.2 (step 4) and 2.3; BDM 1 to 4 of section 15; EC2 API Reference, RegisterImage'
const base = {
  level: 'MUST',
  covers: ['RegisterImage'],
  needs: ['ebs'],
  source,
  seconds: 6,
  cents: 1,
} as const

/** Registers a snapshot as an image with mappings; the first of them is the root, called so. */
async function register(
  tools: Tools,
  BlockDeviceMapping: Parameters[],
  more: Parameters = {},
  clients = tools.administrator,
): Promise<string> {
  const Name = tools.name('image')
  const asked = { Name, RootDeviceName: rootDevice(tools), VirtualizationType: 'hvm', Architecture: 'x86_64', ...more }
  const id = text(await clients.ec2.call('RegisterImage', { ...asked, BlockDeviceMapping }), 'imageId') ?? ''
  deregisterLater(tools, id, clients)
  return id
}

const blankSnapshot = async (tools: Tools, Size = 1) => makeSnapshot(tools, await makeVolume(tools, { Size }))

/** The mappings of an image, a line each: the device, and what is there. */
function mappingsOf(image: Xml | undefined): string[] {
  return list(image, 'blockDeviceMapping').map((mapping) => {
    const virtual = text(mapping, 'virtualName')
    const ebs = ['snapshotId', 'volumeSize', 'deleteOnTermination'].map((name) => text(mapping, 'ebs', name) || '-')
    return `${text(mapping, 'deviceName')} ${virtual ?? ebs.join(' ')}`
  })
}

const root: Case = defineCase({
  ...base,
  id: 'images/registered-from-a-snapshot',
  title: 'an image of a snapshot has the size of that, is HVM, and says whether its root ends with an instance',
  covers: ['RegisterImage', 'DescribeImages'],
  smoke: true,
  async run(tools) {
    const { account } = tools.administrator
    const SnapshotId = await blankSnapshot(tools, 2)
    const Name = tools.name('image')
    const device = rootDevice(tools)
    const id = await register(tools, [{ DeviceName: device, Ebs: { SnapshotId } }], { Name })
    const [image] = await describeImages(tools.administrator, id)
    const fields = ['imageLocation', 'imageState', 'rootDeviceType', 'rootDeviceName', 'virtualizationType']
    const expected = [`${account.accountId}/${Name}`, 'available', 'ebs', device, 'hvm']
    assert.deepEqual(
      fields.map((field) => text(image, field)),
      expected,
    )
    const ends = tools.of({ eucalyptus: 'false', aws: 'true' })
    assert.deepEqual(mappingsOf(image), [`${device} ${SnapshotId} 2 ${ends}`])
  },
})

const partition: Case = defineCase({
  ...base,
  id: 'images/root-named-as-a-partition',
  title: 'the root that clients call /dev/sda1 is the disk /dev/sda in Eucalyptus; AWS leaves its name',
  covers: ['RegisterImage', 'DescribeImages'],
  async run(tools) {
    const SnapshotId = await blankSnapshot(tools)
    const device = '/dev/sda1'
    const Ebs = { SnapshotId, DeleteOnTermination: true }
    const id = await register(tools, [{ DeviceName: device, Ebs }], { RootDeviceName: device })
    const [image] = await describeImages(tools.administrator, id)
    const name = tools.of({ eucalyptus: '/dev/sda', aws: device })
    assert.equal(text(image, 'rootDeviceName'), name)
    assert.deepEqual(mappingsOf(image), [`${name} ${SnapshotId} 1 true`])
  },
})

const several: Case = defineCase({
  ...base,
  id: 'images/mapped-devices-are-described',
  title: 'an image maps an ephemeral disk, a volume of a snapshot and an empty one, with sizes and ends of their own',
  covers: ['RegisterImage', 'DescribeImages', 'DescribeImageAttribute'],
  seconds: 8,
  async run(tools) {
    const [SnapshotId, data] = [await blankSnapshot(tools), await blankSnapshot(tools)]
    const root = rootDevice(tools)
    const id = await register(tools, [
      { DeviceName: root, Ebs: { SnapshotId, VolumeSize: 3, DeleteOnTermination: true } },
      { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      { DeviceName: '/dev/sdc', Ebs: { SnapshotId: data, DeleteOnTermination: true } },
      { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 2, DeleteOnTermination: false } },
    ])
    const [image] = await describeImages(tools.administrator, id)
    assert.deepEqual(mappingsOf(image).sort(), [
      `${root} ${SnapshotId} 3 true`,
      '/dev/sdb ephemeral0',
      `/dev/sdc ${data} 1 true`,
      '/dev/sdd - 2 false',
    ])
    const asked = { ImageId: id, Attribute: 'blockDeviceMapping' }
    const attribute = tools.administrator.ec2.call('DescribeImageAttribute', asked)
    if (tools.target.fidelity === 'aws') {
      await tools.refuses(attribute, refusal('AuthFailure', 403))
      return
    }
    const answer = await attribute
    const devices = list(answer, 'blockDeviceMapping')
    const named = devices.map((device) => `${text(device, 'virtualName') ?? ''}=${text(device, 'deviceName')}`)
    const expected = ['ami=/dev/sda', 'ebs1=/dev/sdc', 'ebs2=/dev/sdd', 'ephemeral0=/dev/sdb', 'root=/dev/sda']
    assert.deepEqual(named.sort(), expected)
  },
})

/** Mappings beside the root that cannot be in Eucalyptus, and what it says of them. */
const impossible: readonly [Parameters[], RegExp][] = [
  [[{ DeviceName: '/dev/zz', Ebs: { VolumeSize: 1 } }], /Device name .* is invalid/],
  [[{ DeviceName: '/dev/sdb1', Ebs: { VolumeSize: 1 } }], /Device name cannot be a partition/],
  [[{ DeviceName: 'sda', Ebs: { VolumeSize: 1 } }], /is assigned multiple times/],
  [[{ DeviceName: '/dev/sdb', NoDevice: 'true' }], /cannot be suppressed/],
  [[{ DeviceName: '/dev/sdb', VirtualName: 'ephemeral9' }], /must be of the form ephemeral\[0123\]/],
  [
    [
      { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      { DeviceName: '/dev/sdc', VirtualName: 'ephemeral1' },
    ],
    /Only one ephemeral device is supported/,
  ],
  [[{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 0 } }], /Volume size for .* cannot be 0/],
]

const refusals: Case = defineCase({
  ...base,
  id: 'images/mappings-that-cannot-be',
  title:
    'devices twice and volumes smaller than their snapshots are refused; in Eucalyptus also devices that are none, partitions, suppressed and surplus ones, and volumes of no size',
  source: 'eucalyptus-behaviour.md section 2.3; EC2 API Reference, Error codes (InvalidBlockDeviceMapping)',
  async run(tools) {
    const SnapshotId = await blankSnapshot(tools, 2)
    const disk = { DeviceName: rootDevice(tools), Ebs: { SnapshotId } }
    for (const [mappings, message] of tools.of({ eucalyptus: impossible, aws: [] })) {
      await tools.refuses(register(tools, [disk, ...mappings]), refusal('InternalFailure', 500, message))
    }
    const twice = [1, 2].map((VolumeSize) => ({ DeviceName: '/dev/sdb', Ebs: { VolumeSize } }))
    await tools.refuses(register(tools, [disk, ...twice]), {
      eucalyptus: refusal('InternalFailure', 500, /is assigned multiple times/),
      aws: refusal('InvalidBlockDeviceMapping', 400),
    })
    await tools.refuses(register(tools, [{ ...disk, Ebs: { SnapshotId, VolumeSize: 1 } }]), {
      eucalyptus: refusal('InternalFailure', 500, /cannot be smaller than the source snapshot/),
      aws: refusal('InvalidBlockDeviceMapping', 400),
    })
  },
})

const foreign: Case = defineCase({
  ...base,
  id: 'images/snapshots-that-cannot-be-registered',
  title: 'a snapshot that there is not, and one that is only shared with the account, is no root of its images',
  covers: ['RegisterImage', 'ModifySnapshotAttribute'],
  needs: ['ebs', 'two-accounts'],
  async run(tools) {
    const refused = {
      eucalyptus: refusal('InternalFailure', 500, /Failed to create image from specified block device mapping/),
      aws: refusal('InvalidSnapshot.NotFound', 400),
    }
    const DeviceName = rootDevice(tools)
    const nobody = [{ DeviceName, Ebs: { SnapshotId: 'snap-00000000' } }]
    await tools.refuses(register(tools, nobody), refused)
    const SnapshotId = await blankSnapshot(tools)
    const UserId = tools.user.account.accountId
    const CreateVolumePermission = { Add: [{ UserId }] }
    await tools.administrator.ec2.call('ModifySnapshotAttribute', { SnapshotId, CreateVolumePermission })
    const shared = [{ DeviceName, Ebs: { SnapshotId } }]
    await tools.refuses(register(tools, shared, {}, tools.user), refused)
  },
})

const bundled: Case = defineCase({
  ...base,
  id: 'images/mappings-of-a-bundle',
  title:
    'a bundle is registered with suppressed devices and an ephemeral disk, in Eucalyptus with one only and with no volume',
  covers: ['RegisterImage', 'DescribeImages'],
  needs: ['s3', 'images'],
  source: 'eucalyptus-behaviour.md sections 2.2 (step 3) and 2.3',
  async run(tools) {
    const { location } = await uploadBundle(tools)
    const asked = (...BlockDeviceMapping: Parameters[]) =>
      registerImage(tools, location, { VirtualizationType: 'hvm', BlockDeviceMapping })
    const ephemeral = (index: number) => ({ DeviceName: `/dev/sd${'bcd'[index]}`, VirtualName: `ephemeral${index}` })
    if (tools.target.fidelity === 'eucalyptus') {
      const refused = (message: RegExp) => refusal('InternalFailure', 500, message)
      const volume = { DeviceName: '/dev/sdc', Ebs: { VolumeSize: 1 } }
      await tools.refuses(asked(volume), refused(/Ebs block device mappings are not supported/))
      await tools.refuses(asked(ephemeral(0), ephemeral(1)), refused(/Only one ephemeral/))
    } else await asked(ephemeral(0), ephemeral(1))
    const id = await asked(ephemeral(0), { DeviceName: '/dev/sdd', NoDevice: 'true' })
    const [image] = await describeImages(tools.administrator, id)
    assert.deepEqual([text(image, 'imageState'), text(image, 'rootDeviceType')], ['available', 'instance-store'])
  },
})

export default [root, partition, several, refusals, foreign, bundled]
