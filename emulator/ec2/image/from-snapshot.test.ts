import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { makeSnapshot, makeVolume, registerEbs } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const fidelities = ['eucalyptus', 'aws'] as const
const snapshots = {
  eucalyptus: await makeSnapshot(clouds.eucalyptus, await makeVolume(clouds.eucalyptus, { Size: '2' })),
  aws: await makeSnapshot(clouds.aws, await makeVolume(clouds.aws, { Size: '2' })),
}

/** The mapping of a device, as it comes on the wire. */
function mapping(number: number, DeviceName: string, fields: Record<string, string> = {}): Record<string, string> {
  const all = { DeviceName, ...fields }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`BlockDeviceMapping.${number}.${name}`, value]))
}

/** A request that is good: the root is /dev/sda. */
const good = (snapshot: string, name = 'refused') => ({
  Name: name,
  RootDeviceName: '/dev/sda',
  ...mapping(1, '/dev/sda', { 'Ebs.SnapshotId': snapshot }),
})

describe('refusals', () => {
  const same = (sentence: string): [string, string] => [sentence, sentence]
  const rule = (sentence: string): [string, string] => [
    `500 InternalFailure: ${sentence}`,
    `400 InvalidBlockDeviceMapping: ${sentence}`,
  ]
  const nothing =
    'Invalid request:  the request must specify either ImageLocation for an instance-store image or a snapshot for the root device of an EBS image'
  const noRoot: [string, string] = [`500 InternalFailure: ${nothing}`, `400 MissingParameter: ${nothing}`]
  const lost: [string, string] = [
    '500 InternalFailure: Failed to create image from specified block device mapping',
    "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist.",
  ]
  test.each<[string, Record<string, string>, string, string]>([
    ['another root device than is mapped', { RootDeviceName: '/dev/sdb' }, ...noRoot],
    ['a root without snapshot', mapping(1, '/dev/sda', { 'Ebs.SnapshotId': '', 'Ebs.VolumeSize': '1' }), ...noRoot],
    ['a snapshot that is not there', mapping(1, '/dev/sda', { 'Ebs.SnapshotId': 'snap-12345678' }), ...lost],
    ['a data snapshot that is not there', mapping(2, 'sdb', { 'Ebs.SnapshotId': 'snap-12345678' }), ...lost],
    [
      'a volume smaller than its snapshot',
      mapping(1, '/dev/sda', { 'Ebs.VolumeSize': '1' }),
      ...rule('Size of the volume cannot be smaller than the source snapshot for /dev/sda'),
    ],
    ['a volume of no size', mapping(2, 'sdb', { 'Ebs.VolumeSize': '0' }), ...rule('Volume size for sdb cannot be 0')],
    [
      'a suppressed device',
      mapping(2, 'sdb', { NoDevice: 'true' }),
      ...rule('Block device mapping for sdb cannot be suppressed'),
    ],
    ['a device twice', mapping(2, 'sda'), ...rule('sda is assigned multiple times')],
    [
      'the disk and its partition',
      mapping(2, '/dev/sda1', { 'Ebs.VolumeSize': '1' }),
      ...rule('/dev/sda1 is not supported. Device name cannot be a partition'),
    ],
    [
      'an unknown architecture',
      { Architecture: 'armhf' },
      '500 InternalFailure: Unknown architecture armhf',
      '400 InvalidParameterValue: Unknown architecture armhf',
    ],
    [
      'a malformed kernel',
      { KernelId: 'vmlinuz' },
      ...same('400 InvalidParameterValue: Value (vmlinuz) for parameter KernelId is invalid.'),
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    for (const [fidelity, refusal] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      const sent = { ...good(snapshots[fidelity]), ...parameters }
      expect(await clouds[fidelity].refusal('RegisterImage', sent)).toBe(refusal)
      expect(clouds[fidelity].cloud.images.list().filter(({ name }) => name === 'refused')).toEqual([])
    }
  })

  test("another account's snapshot, also for administrators", async () => {
    const { eucalyptus } = clouds
    const theirs = await makeSnapshot(eucalyptus, undefined, await eucalyptus.account('alice'))
    expect(await eucalyptus.refusal('RegisterImage', good(theirs))).toBe(
      '500 InternalFailure: Failed to create image from specified block device mapping',
    )
  })

  test('in aws a paravirtual image; eucalyptus passes over that', async () => {
    const parameters = (fidelity: 'eucalyptus' | 'aws') => ({
      ...good(snapshots[fidelity], 'paravirtual'),
      VirtualizationType: 'paravirtual',
    })
    expect(await clouds.aws.refusal('RegisterImage', parameters('aws'))).toMatch(/^400 UnsupportedOperation: /)
    const answer = await clouds.eucalyptus.call('RegisterImage', parameters('eucalyptus'))
    expect(clouds.eucalyptus.cloud.images.get(theText(answer, 'imageId'))?.virtualization).toBe('hvm')
  })
})

/** An image as DescribeImages shows it. */
const shown = async (it: TestCloud, id: string) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')

describe('effect', () => {
  test.each([
    ['eucalyptus', '/dev/sda', 'false', /^emi-/],
    ['aws', '/dev/sda1', 'true', /^ami-/],
  ] as const)('as clients ask for it, in %s', async (fidelity, root, deleteOnTermination, ids) => {
    const it = clouds[fidelity]
    const answer = await it.call('RegisterImage', {
      Name: 'as-clients-ask',
      Description: 'from a snapshot',
      RootDeviceName: '/dev/sda1',
      ...mapping(1, '/dev/sda1', { 'Ebs.SnapshotId': snapshots[fidelity].toUpperCase() }),
    })
    const id = theText(answer, 'imageId')
    expect(id).toMatch(ids)
    expect(await shown(it, id)).toMatchObject({
      imageLocation: `${it.administrator.accountId}/as-clients-ask`,
      imageState: 'available',
      architecture: 'i386',
      imageType: 'machine',
      description: 'from a snapshot',
      rootDeviceType: 'ebs',
      rootDeviceName: root,
      virtualizationType: 'hvm',
      blockDeviceMapping: [
        {
          deviceName: root,
          ebs: { snapshotId: snapshots[fidelity], volumeSize: '2', deleteOnTermination, volumeType: 'standard' },
        },
      ],
    })
    expect(it.cloud.images.get(id)?.size).toBe(2 * 2 ** 30)
  })

  test('volumes and ephemeral disks beside the root, which comes first', async () => {
    const it = clouds.eucalyptus
    const snapshotId = snapshots.eucalyptus
    const answer = await it.call('RegisterImage', {
      Name: 'five-disks',
      ...mapping(1, '/dev/sdd', { 'Ebs.VolumeSize': '4', 'Ebs.DeleteOnTermination': 'true' }),
      ...mapping(2, '/dev/sdb', { VirtualName: 'ephemeral0' }),
      ...mapping(3, '/dev/sda', { 'Ebs.SnapshotId': snapshotId, 'Ebs.VolumeSize': '3' }),
      ...mapping(4, '/dev/sdc', { 'Ebs.SnapshotId': snapshotId }),
      ...mapping(5, '/dev/sde', { 'Ebs.DeleteOnTermination': 'false' }),
    })
    const ebs = (volumeSize: string, deleteOnTermination = 'false') => ({ volumeSize, deleteOnTermination })
    expect(items((await shown(it, theText(answer, 'imageId'))) ?? '', 'blockDeviceMapping')).toMatchObject([
      { deviceName: '/dev/sda', ebs: { snapshotId, ...ebs('3') } },
      { deviceName: '/dev/sdd', ebs: ebs('4', 'true') },
      { deviceName: '/dev/sdb', virtualName: 'ephemeral0' },
      { deviceName: '/dev/sdc', ebs: { snapshotId, ...ebs('2') } },
      { deviceName: '/dev/sde', ebs: ebs('3') },
    ])
  })

  test.each([
    [{ Platform: 'Windows' }, { platform: 'windows' }],
    [{ KernelId: 'windows' }, { platform: 'windows' }],
    [
      { KernelId: 'EKI-1234ABCD', RamdiskId: 'eri-1234abcd' },
      { kernelId: 'eki-1234abcd', ramdiskId: 'eri-1234abcd' },
    ],
    [{ Architecture: 'x86_64' }, { architecture: 'x86_64' }],
  ])('%j', async (parameters, expected) =>
    expect(await shown(clouds.eucalyptus, await registerEbs(clouds.eucalyptus, parameters))).toMatchObject(expected),
  )

  test('several ephemeral disks, which eucalyptus has not', async () => {
    const disks = {
      ...mapping(2, 'sdb', { VirtualName: 'ephemeral0' }),
      ...mapping(3, 'sdc', { VirtualName: 'ephemeral1' }),
    }
    const mappings = clouds.aws.cloud.images.get(await registerEbs(clouds.aws, disks))?.mappings
    expect(mappings?.slice(1)).toMatchObject([{ virtualName: 'ephemeral0' }, { virtualName: 'ephemeral1' }])
    const asked = { ...good(snapshots.eucalyptus), ...disks }
    expect(await clouds.eucalyptus.refusal('RegisterImage', asked)).toBe(
      '500 InternalFailure: Only one ephemeral device is supported. More than one ephemeral device mappings found',
    )
  })

  test('a name is taken once', async () => {
    const id = await registerEbs(clouds.eucalyptus, { Name: 'taken' })
    expect(await clouds.eucalyptus.refusal('RegisterImage', good(snapshots.eucalyptus, 'taken'))).toBe(
      `400 InvalidAMIName.Duplicate: AMI name taken is already in use by EMI ${id}`,
    )
  })

  test.each<[string, string, boolean]>([
    ['root-device-type', 'ebs', true],
    ['block-device-mapping.delete-on-termination', 'true', true],
    ['block-device-mapping.device-name', '/dev/sdb', true],
    ['block-device-mapping.snapshot-id', 'snap-*', true],
    ['block-device-mapping.volume-size', '7', true],
    ['block-device-mapping.volume-size', '', false],
    ['block-device-mapping.volume-type', 'standard', true],
    ['root-device-type', 'instance-store', false],
  ])('the filter %s=%s', async (name, value, matches) => {
    for (const fidelity of fidelities) {
      const it = clouds[fidelity]
      const id = await registerEbs(it, {
        ...mapping(2, '/dev/sdb', { 'Ebs.VolumeSize': '7', 'Ebs.DeleteOnTermination': 'true' }),
        ...mapping(3, '/dev/sdc', { VirtualName: 'ephemeral0' }),
      })
      const answer = await it.call('DescribeImages', { 'Filter.1.Name': name, 'Filter.1.Value.1': value })
      const found = items(answer, 'imagesSet').map((image) => theText(image, 'imageId'))
      expect(found.includes(id)).toBe(matches)
    }
  })
})
