import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { mappedVolumes, registerBlankSnapshot, runFromVolumes, stopInstance } from '../../ebs-instances.ts'
import { deregisterLater, registerRandomImage, registerSnapshot, rootDevice } from '../../images.ts'
import { endInstance, findInstance, runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import { isTaken, refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, findVolume, makeSnapshot, makeVolume, untilDeleted, untilVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 2.3, 5.4 and 15 (BDM 1 to 14); EC2 User Guide, Block device mappings'
const base = {
  level: 'MUST',
  covers: ['RunInstances', 'TerminateInstances', 'DescribeInstances', 'DescribeVolumes'],
  needs: ['ebs'],
  source,
  seconds: 20,
  cents: 1,
} as const

/** Registers an image of a root of 1 GiB and more devices. */
async function registerMapped(tools: Tools, ...more: Parameters[]): Promise<{ ImageId: string; SnapshotId: string }> {
  const SnapshotId = await makeSnapshot(tools, await makeVolume(tools))
  const RootDeviceName = rootDevice(tools)
  const root = { DeviceName: RootDeviceName, Ebs: { SnapshotId, DeleteOnTermination: true } }
  const disk = { RootDeviceName, Architecture: 'x86_64', VirtualizationType: 'hvm' }
  const asked = { Name: tools.name('image'), ...disk, BlockDeviceMapping: [root, ...more] }
  const ImageId = text(await tools.administrator.ec2.call('RegisterImage', asked), 'imageId') ?? ''
  deregisterLater(tools, ImageId)
  return { ImageId, SnapshotId }
}

const ends = (device: string, DeleteOnTermination: boolean) => ({ DeviceName: device, Ebs: { DeleteOnTermination } })

const roots: Case = defineCase({
  ...base,
  id: 'instances/root-ends-as-told',
  title: 'the root volume of an instance ends with it or not, as its image or its launch says (BDM 1 and 2)',
  smoke: true,
  async run(tools) {
    const image = await registerBlankSnapshot(tools)
    const [ending, kept] = [
      await runFromVolumes(tools, image),
      await runFromVolumes(tools, image, { BlockDeviceMapping: [ends(rootDevice(tools), false)] }),
    ]
    assert.deepEqual([ending.root.deleteOnTermination, kept.root.deleteOnTermination], [true, false])
    assert.notEqual(ending.root.id, kept.root.id)
    const shown = await findVolume(tools, ending.root.id)
    assert.deepEqual([text(shown, 'snapshotId'), text(shown, 'status')], [image.SnapshotId, 'in-use'])
    for (const { id } of [ending, kept]) await endInstance(tools, id)
    await untilDeleted(tools, ending.root.id)
    await untilVolume(tools, kept.root.id, 'available')
  },
})

const mapped: Case = defineCase({
  ...base,
  id: 'instances/mapped-volumes-end-as-told',
  title:
    'the volumes that an image maps are made for each instance and end as mapped; an ephemeral disk is no volume (BDM 3 and 4)',
  async run(tools) {
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools, { Size: 2 }))
    const image = await registerMapped(
      tools,
      { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      { DeviceName: '/dev/sdc', Ebs: { SnapshotId, DeleteOnTermination: true } },
      { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 3, DeleteOnTermination: false } },
    )
    const { id, volumes, root } = await runFromVolumes(tools, image)
    assert.deepEqual(
      volumes.map(({ device, status }) => `${device} ${status}`),
      [`${rootDevice(tools)} attached`, '/dev/sdc attached', '/dev/sdd attached'],
    )
    const [, ofSnapshot, empty] = volumes
    assert.ok(ofSnapshot && empty)
    const sizes = [await findVolume(tools, ofSnapshot.id), await findVolume(tools, empty.id)].map((volume) => [
      text(volume, 'size'),
      text(volume, 'snapshotId') ?? '',
    ])
    assert.deepEqual(sizes, [
      ['2', SnapshotId],
      ['3', ''],
    ])
    await endInstance(tools, id)
    for (const gone of [root.id, ofSnapshot.id]) await untilDeleted(tools, gone)
    await untilVolume(tools, empty.id, 'available')
  },
})

const enlarged: Case = defineCase({
  ...base,
  id: 'instances/root-enlarged-at-launch',
  title:
    'a launch makes the root bigger than its image and keeps it; it cannot make it smaller or something else (BDM 5)',
  async run(tools) {
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools, { Size: 2 }))
    const image = { ImageId: await registerSnapshot(tools, SnapshotId), SnapshotId }
    const DeviceName = rootDevice(tools)
    const larger = { DeviceName, Ebs: { VolumeSize: 3, DeleteOnTermination: false } }
    const { id, root } = await runFromVolumes(tools, image, { BlockDeviceMapping: [larger] })
    assert.equal(text(await findVolume(tools, root.id), 'size'), '3')
    const refused = tools.of({
      eucalyptus: refusal('InvalidParameterValue', 400),
      aws: refusal('InvalidBlockDeviceMapping', 400),
    })
    const other = await makeSnapshot(tools, root.id)
    for (const change of [
      { Ebs: { VolumeSize: 1 } },
      { Ebs: { SnapshotId: other } },
      { VirtualName: 'ephemeral0' },
      { NoDevice: 'true' },
    ]) {
      const BlockDeviceMapping = [{ DeviceName, ...change }]
      await tools.refuses(runInstance(tools, { ImageId: image.ImageId, BlockDeviceMapping }), refused)
    }
    await endInstance(tools, id)
    await untilVolume(tools, root.id, 'available')
  },
})

const overridden: Case = defineCase({
  ...base,
  id: 'instances/mappings-overridden-at-launch',
  title: 'a launch leaves out, replaces and adds devices to those of its image (BDM 6, 7 and 8)',
  covers: ['RunInstances', 'DescribeInstances', 'DescribeVolumes'],
  seconds: 30,
  async run(tools) {
    const volume = (device: string, VolumeSize: number) => ({
      DeviceName: device,
      Ebs: { VolumeSize, DeleteOnTermination: true },
    })
    const image = await registerMapped(tools, volume('/dev/sdc', 1), volume('/dev/sdd', 1))
    const launch = async (...BlockDeviceMapping: Parameters[]) => {
      const { id, volumes } = await runFromVolumes(tools, image, { BlockDeviceMapping })
      const shown = volumes.map(async (one) => `${one.device} ${text(await findVolume(tools, one.id), 'size')}`)
      return { id, shown: await Promise.all(shown) }
    }
    const without = (device: string) => ({ DeviceName: device, NoDevice: 'true' })
    const bare = await launch(without('/dev/sdc'), without('/dev/sdd'))
    const root = `${rootDevice(tools)} 1`
    assert.deepEqual(bare.shown, [root])
    const mixed = await launch(without('/dev/sdc'), volume('/dev/sdd', 2), volume('/dev/sde', 3))
    assert.deepEqual(mixed.shown, [root, '/dev/sdd 2', '/dev/sde 3'])
    const unchanged = await launch()
    assert.deepEqual(unchanged.shown, [root, '/dev/sdc 1', '/dev/sdd 1'])
  },
})

const tooLarge: Case = defineCase({
  ...base,
  id: 'instances/mapping-over-the-limit',
  title: 'a launch that maps a volume larger than the cloud allows does not run (BDM 10 and 11)',
  covers: ['RunInstances'],
  async run(tools) {
    const { ImageId } = await registerBlankSnapshot(tools)
    const BlockDeviceMapping = [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 70_000, DeleteOnTermination: true } }]
    const attempt = runInstance(tools, { ImageId, BlockDeviceMapping })
    // Eucalyptus may find out when it makes the volumes: the launch is answered, and its instance ends.
    if (tools.target.fidelity === 'eucalyptus' && (await isTaken(attempt))) {
      await untilTerminated(tools, await attempt)
      return
    }
    await tools.refuses(attempt, {
      eucalyptus: refusal('VolumeLimitExceeded', 400),
      aws: refusal('InvalidParameterValue', 400),
    })
  },
})

const stopped: Case = defineCase({
  ...base,
  id: 'instances/ended-while-stopped',
  title: 'a stopped instance keeps its volumes in use; when it is terminated they end as told (BDM 12, 13 and 14)',
  covers: ['StopInstances', 'TerminateInstances', 'DescribeVolumes', 'AttachVolume'],
  seconds: 30,
  async run(tools) {
    const hot = await makeVolume(tools)
    const image = await registerMapped(
      tools,
      { DeviceName: '/dev/sdc', Ebs: { VolumeSize: 1, DeleteOnTermination: true } },
      { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 1, DeleteOnTermination: false } },
    )
    const { id, volumes } = await runFromVolumes(tools, image)
    await attachVolume(tools, hot, id, '/dev/sdf')
    const answer = await stopInstance(tools, id)
    assert.equal(mappedVolumes(answer).length, 4, 'a stopped instance lists its volumes')
    const statuses = async () =>
      Promise.all(
        [...volumes.map((one) => one.id), hot].map(async (one) => text(await findVolume(tools, one), 'status')),
      )
    assert.deepEqual(await statuses(), ['in-use', 'in-use', 'in-use', 'in-use'])
    await endInstance(tools, id)
    const [root, ending, kept] = volumes
    assert.ok(root && ending && kept)
    for (const gone of [root.id, ending.id]) await untilDeleted(tools, gone)
    for (const left of [kept.id, hot]) await untilVolume(tools, left, 'available')
  },
})

/** What Eucalyptus says of mappings of images as well (Images.validateBlockDeviceMappings), and so by no code of launches. */
const invalid = {
  eucalyptus: refusal(
    'InternalFailure',
    500,
    /is invalid|cannot be a partition|multiple times|must be of the form|cannot be smaller|Unable to find snapshot/,
  ),
  aws: refusal('InvalidBlockDeviceMapping', 400),
}

const refusals: Case = defineCase({
  ...base,
  id: 'instances/mappings-that-cannot-be',
  title: 'a launch with devices that are none, partitions, doubles, too small or of snapshots of nobody is refused',
  covers: ['RunInstances'],
  async run(tools) {
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools, { Size: 2 }))
    const ImageId = await registerSnapshot(tools, SnapshotId)
    const one = { VolumeSize: 1, DeleteOnTermination: true }
    const impossible: Parameters[][] = [
      [{ DeviceName: '/dev/zz', Ebs: one }],
      [{ DeviceName: '/dev/sdb1', Ebs: one }],
      [
        { DeviceName: '/dev/sdb', Ebs: one },
        { DeviceName: tools.of({ eucalyptus: 'sdb', aws: '/dev/sdb' }), Ebs: one },
      ],
      [{ DeviceName: '/dev/sdb', VirtualName: 'disk7' }],
      [{ DeviceName: '/dev/sdb', Ebs: { SnapshotId, ...one } }],
    ]
    for (const BlockDeviceMapping of impossible) {
      await tools.refuses(runInstance(tools, { ImageId, BlockDeviceMapping }), invalid)
    }
    const ofNobody = [{ DeviceName: '/dev/sdb', Ebs: { SnapshotId: 'snap-00000000', DeleteOnTermination: true } }]
    await tools.refuses(runInstance(tools, { ImageId, BlockDeviceMapping: ofNobody }), {
      eucalyptus: invalid.eucalyptus,
      aws: [invalid.aws, refusal('InvalidSnapshot.NotFound', 400)],
    })
  },
})

const store: Case = defineCase({
  ...base,
  id: 'instances/volumes-of-an-instance-store-launch',
  title: 'an instance-store instance has volumes from its launch in AWS; Eucalyptus refuses to map them',
  needs: ['s3', 'images', 'instance-store', 'ebs'],
  source: 'eucalyptus-behaviour.md sections 1.5 and 2.3; EC2 User Guide, Block device mappings',
  async run(tools) {
    const ImageId = await registerRandomImage(tools)
    const BlockDeviceMapping = [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1, DeleteOnTermination: true } }]
    if (tools.target.fidelity === 'eucalyptus') {
      const refused = refusal('InternalFailure', 500, /Ebs block device mappings are not supported/)
      await tools.refuses(runInstance(tools, { ImageId, BlockDeviceMapping }), refused)
      return
    }
    const id = await runInstance(tools, { ImageId, BlockDeviceMapping })
    const [volume] = mappedVolumes(await untilRunning(tools, id))
    assert.equal(volume?.device, '/dev/sdf')
    assert.equal(text(await findInstance(tools.administrator, id), 'rootDeviceType'), 'instance-store')
    await endInstance(tools, id)
    await untilDeleted(tools, volume.id)
  },
})

export default [roots, mapped, enlarged, overridden, tooLarge, stopped, refusals, store]
