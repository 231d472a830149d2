import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { attach, makeSnapshot, makeVolume, registerEbs } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const fidelities = ['eucalyptus', 'aws'] as const

/** Launches an EBS-backed instance, from an image of those parameters; resolves with its id when it runs. */
async function running(it: TestCloud, image: Record<string, string> = {}): Promise<string> {
  const id = await it.run({ ImageId: await registerEbs(it, image) })
  await it.idle()
  return id
}

/** Asks for an image of an instance; resolves with its id. */
const create = async (it: TestCloud, InstanceId: string, parameters: Record<string, string> = {}): Promise<string> =>
  theText(await it.call('CreateImage', { InstanceId, Name: `image-${it.cloud.ids.uuid()}`, ...parameters }), 'imageId')

/** An image as DescribeImages shows it. */
const shown = async (it: TestCloud, id: string) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')

const device = (number: number, DeviceName: string, fields: Record<string, string>) =>
  Object.fromEntries(
    Object.entries({ DeviceName, ...fields }).map(([name, value]) => [`BlockDeviceMapping.${number}.${name}`, value]),
  )

describe('refusals', async () => {
  const ids = { eucalyptus: await running(eucalyptus), aws: await running(aws) }

  test.each<[string, Record<string, string>, string, string?]>([
    [
      'something else for the root',
      device(1, '/dev/sda1', { 'Ebs.SnapshotId': 'snap-12345678' }),
      '400 InvalidBlockDeviceMapping: The device names should not contain root device',
      '400 InvalidBlockDeviceMapping: /dev/sda1 is in use: its snapshot is made of the volume there',
    ],
    [
      'no root',
      device(1, '/dev/sda', { NoDevice: 'true' }),
      '400 InvalidBlockDeviceMapping: The device names should not contain root device',
    ],
    [
      'a snapshot that is not there',
      device(1, '/dev/sdx', { 'Ebs.SnapshotId': 'snap-12345678' }),
      '400 InvalidBlockDeviceMapping: Failed to create image from specified block device mapping',
    ],
    [
      'a device that is none',
      device(1, 'disk', { 'Ebs.VolumeSize': '1' }),
      '400 InvalidBlockDeviceMapping: Device name disk is invalid',
    ],
    [
      'a device twice',
      { ...device(1, '/dev/sdx', { 'Ebs.VolumeSize': '1' }), ...device(2, 'sdx', { 'Ebs.VolumeSize': '1' }) },
      '400 InvalidBlockDeviceMapping: sdx is assigned multiple times',
    ],
    [
      'a volume of no size',
      device(1, '/dev/sdx', { 'Ebs.VolumeSize': '0' }),
      '400 InvalidBlockDeviceMapping: Volume size for /dev/sdx cannot be 0',
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws = inEucalyptus) => {
    for (const [fidelity, refusal] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      const sent = { InstanceId: ids[fidelity], Name: 'refused', ...parameters }
      expect(await clouds[fidelity].refusal('CreateImage', sent)).toBe(refusal)
    }
  })

  test('a device of the instance, of a volume or ephemeral', async () => {
    const id = await running(eucalyptus, device(2, '/dev/sdb', { VirtualName: 'ephemeral0' }))
    await attach(eucalyptus, await makeVolume(eucalyptus), id, '/dev/sdf')
    const refused = (DeviceName: string) =>
      eucalyptus.refusal('CreateImage', {
        InstanceId: id,
        Name: 'refused',
        ...device(1, DeviceName, { 'Ebs.VolumeSize': '2' }),
      })
    const taken =
      "400 InvalidBlockDeviceMapping: Can't add new block device mapping with a device name that is already in use"
    expect(await refused('sdf')).toBe(taken)
    expect(await refused('/dev/sdb')).toBe(`${taken} by an ephemeral device`)
  })
})

describe('effect', () => {
  test.each(fidelities)('devices that are left out, and those that come in addition, in %s', async (fidelity) => {
    const it = clouds[fidelity]
    const id = await running(it, device(2, '/dev/sdb', { VirtualName: 'ephemeral0' }))
    for (const name of ['/dev/sdf', '/dev/sdg']) await attach(it, await makeVolume(it), id, name)
    const snapshot = await makeSnapshot(it)
    const image = await create(it, id, {
      NoReboot: 'true',
      ...device(1, 'sdf', { NoDevice: 'true' }),
      ...device(2, '/dev/sdh', { 'Ebs.VolumeSize': '4' }),
      ...device(3, '/dev/sdi', { 'Ebs.SnapshotId': snapshot, 'Ebs.DeleteOnTermination': 'true' }),
    })
    await it.idle()
    expect(items((await shown(it, image)) ?? '', 'blockDeviceMapping')).toMatchObject([
      { deviceName: '/dev/sda' },
      { deviceName: '/dev/sdg' },
      { deviceName: '/dev/sdh', ebs: { volumeSize: '4', deleteOnTermination: 'false' } },
      { deviceName: '/dev/sdi', ebs: { snapshotId: snapshot, volumeSize: '1', deleteOnTermination: 'true' } },
      { deviceName: '/dev/sdb', virtualName: 'ephemeral0' },
    ])
    const later = await create(it, id, { NoReboot: 'true', ...device(1, 'sdb', { NoDevice: 'true' }) })
    await it.idle()
    expect(JSON.stringify(await shown(it, later))).not.toContain('ephemeral0')
  })

  test('in aws volumes keep their end, and a request may change that, and their size', async () => {
    const id = await running(aws)
    await attach(aws, await makeVolume(aws), id, '/dev/sdf')
    const image = await create(aws, id, {
      NoReboot: 'true',
      ...device(1, '/dev/sda1', { 'Ebs.DeleteOnTermination': 'false' }),
      ...device(2, '/dev/sdf', { 'Ebs.VolumeSize': '5', 'Ebs.DeleteOnTermination': 'true' }),
    })
    await aws.idle()
    expect(items((await shown(aws, image)) ?? '', 'blockDeviceMapping')).toMatchObject([
      { deviceName: '/dev/sda', ebs: { volumeSize: '1', deleteOnTermination: 'false' } },
      { deviceName: '/dev/sdf', ebs: { volumeSize: '5', deleteOnTermination: 'true' } },
    ])
  })
})
