import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { runBlank, stopInstance } from '../../ebs-instances.ts'
import { askForImage, createImage, describeImages, registerRandomImage } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { type ByFidelity, type Refusal, refusal } from '../../refusal.ts'
import { attachVolume, makeVolume, untilVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 1.5, 2.6 and 8 (T7); EC2 API Reference, CreateImage'
const base = {
  level: 'MUST',
  needs: ['s3', 'images', 'instance-store', 'ebs'],
  source,
  seconds: 30,
  cents: 1,
} as const

const stopped: Case = defineCase({
  ...base,
  id: 'images/made-of-a-stopped-instance',
  title: 'an image of a stopped instance has a snapshot of each of its volumes but those that are left out',
  covers: ['CreateImage', 'DescribeImages', 'DescribeSnapshots'],
  needs: ['ebs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const [data, left] = [await makeVolume(tools, { Size: 2 }), await makeVolume(tools)]
    const { id, root } = await runBlank(tools)
    await stopInstance(tools, id)
    await attachVolume(tools, data, id, '/dev/sdf')
    await attachVolume(tools, left, id, '/dev/sdg')
    const made = await createImage(tools, id, {
      BlockDeviceMapping: [
        { DeviceName: '/dev/sdg', NoDevice: 'true' },
        { DeviceName: '/dev/sdh', VirtualName: 'ephemeral0' },
      ],
    })
    const [image] = await describeImages(tools.administrator, made)
    assert.deepEqual(
      ['imageState', 'rootDeviceType', 'virtualizationType', 'rootDeviceName'].map((name) => text(image, name)),
      ['available', 'ebs', 'hvm', root.device],
    )
    const mapped = list(image, 'blockDeviceMapping').map((mapping) => ({
      device: text(mapping, 'deviceName'),
      virtual: text(mapping, 'virtualName'),
      snapshot: text(mapping, 'ebs', 'snapshotId'),
    }))
    assert.deepEqual(mapped.map(({ device, virtual }) => virtual ?? device).sort(), [
      root.device,
      '/dev/sdf',
      'ephemeral0',
    ])
    const SnapshotId = mapped.flatMap(({ snapshot }) => snapshot ?? [])
    const shown = list(await ec2.call('DescribeSnapshots', { SnapshotId }), 'snapshotSet')
    const copied = shown.map((one) => [text(one, 'volumeId'), text(one, 'status'), text(one, 'volumeSize')])
    const expected = [
      [root.id, 'completed', '1'],
      [data, 'completed', '2'],
    ]
    assert.deepEqual(copied.sort(), expected.sort())
    await endInstance(tools, id)
    for (const volume of [data, left]) await untilVolume(tools, volume, 'available')
  },
})

const failure = (message: RegExp, aws: string): ByFidelity<Refusal> => ({
  eucalyptus: refusal('InternalFailure', 500, message),
  aws: refusal(aws, 400),
})

const refusals: Case = defineCase({
  ...base,
  id: 'images/instances-that-make-no-image',
  title: 'no image is made of an instance-store instance, of one that has ended, of none, or under a bad name',
  covers: ['CreateImage'],
  seconds: 15,
  async run(tools) {
    const make = (parameters: Parameters) => askForImage(tools, parameters)
    const store = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, store)
    const notEbs = failure(/not booted from an EBS volume/, 'InvalidParameterValue')
    await tools.refuses(make({ InstanceId: store }), notEbs)
    await tools.refuses(make({ InstanceId: 'i-00000000' }), failure(/i-00000000/, 'InvalidInstanceID.NotFound'))
    const { id: InstanceId, root } = await runBlank(tools)
    await tools.refuses(make({ InstanceId, Name: 'a#bad#name' }), refusal('InvalidAMIName.Malformed', 400))
    const devices = [
      ...['/dev/zz', '/dev/sdb1'].map((DeviceName) => ({ DeviceName, Ebs: { VolumeSize: 1 } })),
      { DeviceName: root.device, NoDevice: 'true' },
    ]
    // What AWS does with them it does not say.
    for (const device of tools.of({ eucalyptus: devices, aws: [] })) {
      const asked = make({ InstanceId, BlockDeviceMapping: [device] })
      await tools.refuses(asked, refusal('InvalidBlockDeviceMapping', 400))
    }
    await endInstance(tools, InstanceId)
    await tools.refuses(make({ InstanceId }), failure(/'running' or 'stopped'/, 'IncorrectState'))
  },
})

export default [stopped, refusals]
