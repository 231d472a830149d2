import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bothClouds, type TestCloud } from '../../cloud.harness.ts'
import { makeSnapshot, makeVolume, registerEbs, told as toldOfVolume } from '../volume/volume.harness.ts'
import { driveIdOf } from '../volume/volume.ts'
import { volumesOf } from './instance-view.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it, aws } = clouds

/** A mapping of a device, and what it says: `Ebs.VolumeSize`, `VirtualName`, `NoDevice` … */
type Mapping = readonly [device: string, fields: Record<string, string>]

/** Mappings as parameters, numbered from `first`. */
function mapped(mappings: readonly Mapping[], first = 1): Record<string, string> {
  const pairs = mappings.flatMap(([device, fields], index) =>
    Object.entries({ DeviceName: device, ...fields }).map(([name, value]) => [
      `BlockDeviceMapping.${first + index}.${name}`,
      value,
    ]),
  )
  return Object.fromEntries(pairs)
}

/** An image with a root of 2 GiB, an ephemeral disk, a volume from a snapshot and an empty volume. */
async function fullImage(cloud: TestCloud, deleteOnTermination = 'false') {
  const snapshot = await makeSnapshot(cloud, await makeVolume(cloud, { Size: '2' }))
  const flag = { 'Ebs.DeleteOnTermination': deleteOnTermination }
  const root = {
    'BlockDeviceMapping.1.Ebs.SnapshotId': snapshot,
    'BlockDeviceMapping.1.Ebs.DeleteOnTermination': deleteOnTermination,
  }
  const others: Mapping[] = [
    ['/dev/vdb', { VirtualName: 'ephemeral0' }],
    ['/dev/vdc', { 'Ebs.SnapshotId': snapshot, ...flag }],
    ['/dev/vdd', { 'Ebs.VolumeSize': '3', ...flag }],
  ]
  return { image: await registerEbs(cloud, { ...root, ...mapped(others, 2) }), snapshot }
}

let full: { image: string; snapshot: string }
let images: Record<string, string>
beforeAll(async () => {
  full = await fullImage(it)
  images = { eucalyptus: full.image, aws: (await fullImage(aws)).image }
})

/** `device size snapshot? DoT?` of each volume of an instance, in the order of the launch. */
function volumes(cloud: TestCloud, id: string, snapshot = full.snapshot): string[] {
  return volumesOf(cloud.cloud.volumes.list(), id).map(({ attachment, size, snapshotId }) =>
    [
      attachment?.device,
      size,
      ...(snapshotId ? [snapshotId === snapshot ? 'snapshot' : snapshotId] : []),
      ...(attachment?.deleteOnTermination ? ['ends'] : []),
    ].join(' '),
  )
}

/** Launches the full image with mappings; resolves with its volumes and its ephemeral disks. */
async function launched(mappings: readonly Mapping[], more: Record<string, string> = {}): Promise<string[]> {
  const id = await it.run({ ImageId: full.image, ...mapped(mappings), ...more })
  await it.idle()
  const { state, ephemerals = [] } = it.cloud.instances.get(id) ?? {}
  expect(state).toBe('running')
  const all = volumes(it, id)
  const drives = it.hypervisor.machine(id).drives
  expect(drives.filter((one) => one.startsWith('v'))).toHaveLength(all.length)
  expect(drives.filter((one) => one.startsWith('ephemeral'))).toHaveLength(ephemerals.length)
  await it.call('TerminateInstances', { 'InstanceId.1': id })
  await it.idle()
  return [...all, ...ephemerals.map(({ deviceName, virtualName }) => `${deviceName} ${virtualName}`)]
}

const [root, ephemeral] = ['/dev/sda 2 snapshot', '/dev/vdb ephemeral0']
const [fromSnapshot, empty] = ['/dev/vdc 2 snapshot', '/dev/vdd 3']

describe('a launch of an EBS image has', () => {
  test.each<[string, () => readonly Mapping[], string[]]>([
    ['what the image maps', () => [], [root, fromSnapshot, empty, ephemeral]],
    [
      'a larger root that ends with it',
      () => [['/dev/sda', { 'Ebs.VolumeSize': '4', 'Ebs.DeleteOnTermination': 'true' }]],
      ['/dev/sda 4 snapshot ends', fromSnapshot, empty, ephemeral],
    ],
    [
      'its root by the name of the partition',
      () => [['/dev/sda1', { 'Ebs.DeleteOnTermination': 'true' }]],
      ['/dev/sda 2 snapshot ends', fromSnapshot, empty, ephemeral],
    ],
    [
      'its root named without a folder, with the snapshot that it has',
      () => [['sda', { 'Ebs.SnapshotId': full.snapshot }]],
      [root, fromSnapshot, empty, ephemeral],
    ],
    [
      'volumes that the request adds',
      () => [
        ['/dev/vde', { 'Ebs.SnapshotId': full.snapshot.toUpperCase().replace('SNAP', 'snap'), 'Ebs.VolumeSize': '5' }],
        ['/dev/vdf', { 'Ebs.VolumeSize': '1', 'Ebs.DeleteOnTermination': 'true' }],
        ['/dev/vdg', { 'Ebs.DeleteOnTermination': 'false' }],
      ],
      [root, '/dev/vde 5 snapshot', '/dev/vdf 1 ends', '/dev/vdg 2', fromSnapshot, empty, ephemeral],
    ],
    [
      'its root alone, when the request suppresses the rest',
      () => ['vdb', 'vdc', 'vdd'].map((name) => [`/dev/${name}`, { NoDevice: 'true' }] as const),
      [root],
    ],
    [
      'what the request makes of each',
      () => [
        ['/dev/vdb', { NoDevice: 'true' }],
        ['/dev/vdc', { 'Ebs.VolumeSize': '1', 'Ebs.DeleteOnTermination': 'true' }],
        ['/dev/vdd', { VirtualName: 'ephemeral0' }],
      ],
      [root, '/dev/vdc 1 ends', '/dev/vdd ephemeral0'],
    ],
  ])('%s', async (_title, mappings, expected) => expect(await launched(mappings())).toEqual(expected))

  test('of several ephemeral disks that are asked for the first; in aws all that its type has', async () => {
    const asked: Mapping[] = [
      ['/dev/vdb', { NoDevice: 'true' }],
      ['/dev/vde', { VirtualName: 'ephemeral0' }],
      ['/dev/vdf', { VirtualName: 'ephemeral1' }],
    ]
    const counts = Object.entries(clouds).map(async ([fidelity, cloud]) => {
      const id = await cloud.run({ ImageId: images[fidelity] ?? '', InstanceType: 'm1.large', ...mapped(asked) })
      const names = cloud.cloud.instances.get(id)?.ephemerals.map(({ deviceName }) => deviceName)
      await cloud.call('TerminateInstances', { 'InstanceId.1': id })
      return [fidelity, names]
    })
    expect(Object.fromEntries(await Promise.all(counts))).toEqual({
      eucalyptus: ['/dev/vde'],
      aws: ['/dev/vde', '/dev/vdf'],
    })
  })

  test('as many ephemeral disks as its type has', async () => {
    const second: Mapping = ['/dev/vde', { VirtualName: 'ephemeral1' }]
    const volumesAlone = [root, fromSnapshot, empty]
    const of = (InstanceType: string) => launched([second], { InstanceType })
    expect(await of('t2.nano')).toEqual(volumesAlone)
    expect(await of('m1.small')).toHaveLength(volumesAlone.length + 1)
    expect((await of('m1.large')).sort()).toEqual([...volumesAlone, ephemeral, '/dev/vde ephemeral1'].sort())
  })
})

describe('refused, and nothing is made, is', () => {
  const size = (gib: string) => ({ 'Ebs.VolumeSize': gib })
  test.each<[string, readonly Mapping[], string]>([
    ['a name that is none', [['/dev/sdab', size('1')]], 'Device name /dev/sdab is invalid'],
    ['no name', [['', size('1')]], 'Device name  is invalid'],
    ['a partition', [['/dev/vde1', size('1')]], '/dev/vde1 is not supported. Device name cannot be a partition'],
    [
      'a device twice',
      [
        ['/dev/vde', size('1')],
        ['vde', size('1')],
      ],
      'vde is assigned multiple times',
    ],
    [
      'the root twice',
      [
        ['/dev/sda', size('4')],
        ['/dev/sda1', size('4')],
      ],
      '/dev/sda1 is assigned multiple times',
    ],
    [
      'a swap',
      [['/dev/vde', { VirtualName: 'swap' }]],
      'Virtual device name must be of the form ephemeral[0123]. Fix the mapping for /dev/vde',
    ],
    ['an empty volume of 0 GiB', [['/dev/vde', size('0')]], 'Volume size for /dev/vde cannot be 0'],
    [
      'a snapshot that is not there',
      [['/dev/vde', { 'Ebs.SnapshotId': 'snap-12345678' }]],
      'Unable to find snapshot snap-12345678 in the block device mapping for /dev/vde',
    ],
    ['no root', [['/dev/sda', { NoDevice: 'true' }]], 'The root device cannot be mapped to anything else'],
    [
      'an ephemeral root',
      [['/dev/sda', { VirtualName: 'ephemeral0' }]],
      'The root device cannot be mapped to anything else',
    ],
    [
      'another root',
      [['/dev/sda', { 'Ebs.SnapshotId': 'snap-12345678' }]],
      'The snapshot of the root device cannot be changed',
    ],
    ['a smaller root', [['/dev/sda', size('1')]], "Size of the root device cannot be smaller than the image's 2 GiB"],
  ])('%s', async (_title, mappings, sentence) => {
    for (const [fidelity, cloud] of Object.entries(clouds)) {
      const before = [cloud.cloud.volumes.list().length, cloud.cloud.instances.list().length]
      const parameters = { MinCount: '1', MaxCount: '1', ImageId: images[fidelity] ?? '', ...mapped(mappings) }
      const ofRoot = /root device/.test(sentence) ? '400 InvalidParameterValue' : '500 InternalFailure'
      const code = fidelity === 'aws' ? '400 InvalidBlockDeviceMapping' : ofRoot
      expect(await cloud.refusal('RunInstances', parameters)).toBe(`${code}: ${sentence}`)
      expect([cloud.cloud.volumes.list().length, cloud.cloud.instances.list().length]).toEqual(before)
    }
  })

  const launch = (mappings: readonly Mapping[], more = {}) => ({
    ...{ MinCount: '1', MaxCount: '1', ImageId: full.image },
    ...mapped(mappings),
    ...more,
  })

  test('a volume smaller than its snapshot', async () =>
    expect(
      await it.refusal('RunInstances', launch([['/dev/vde', { 'Ebs.SnapshotId': full.snapshot, ...size('1') }]])),
    ).toBe('500 InternalFailure: Size of the volume cannot be smaller than the source snapshot for /dev/vde'))

  test("another account's snapshot, but not the image's", async () => {
    await it.cloud.store.change((draft) => {
      const all = it.cloud.images.in(draft)
      all.put({ ...all.get(full.image)!, public: true })
    })
    const user = await it.account('mapper')
    const other = launch([['/dev/vde', { 'Ebs.SnapshotId': full.snapshot }]])
    expect(await it.refusal('RunInstances', other, user)).toBe(
      `500 InternalFailure: Unable to find snapshot ${full.snapshot} in the block device mapping for /dev/vde`,
    )
    const id = await it.run({ ImageId: full.image }, user)
    await it.idle()
    expect(volumes(it, id)).toEqual([root, fromSnapshot, empty])
    expect(volumesOf(it.cloud.volumes.list(), id).every(({ ownerId }) => ownerId === user.accountId)).toBe(true)
    await it.call('TerminateInstances', { 'InstanceId.1': id }, user)
  })

  test('volumes that are too large together, over all instances of the launch', async () => {
    const large = launch([['/dev/vde', size('100')]], { MinCount: '5', MaxCount: '5' })
    expect(await it.refusal('RunInstances', large)).toBe('400 VolumeLimitExceeded: Total Volume Size Limit Exceeded')
  })
})

test('in aws the root may be a partition by its name; no other device stands for it', async () => {
  const ImageId = await registerEbs(aws, {
    RootDeviceName: '/dev/sda1',
    'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
  })
  const launch = (device: string) => ({
    ...{ MinCount: '1', MaxCount: '1', ImageId },
    ...mapped([[device, { 'Ebs.VolumeSize': '3' }]]),
  })
  expect(await aws.refusal('RunInstances', launch('/dev/sda11'))).toBe(
    '400 InvalidBlockDeviceMapping: /dev/sda11 is not supported. Device name cannot be a partition',
  )
  const id = await aws.run(launch('/dev/sda1'))
  expect(volumes(aws, id, aws.cloud.images.get(ImageId)?.mappings?.[0]?.snapshotId)).toEqual([
    '/dev/sda1 3 snapshot ends',
  ])
})

describe('an instance-store image', () => {
  const ephemerals: Mapping[] = [
    ['/dev/sdc', { NoDevice: 'true' }],
    ['/dev/sdb', { VirtualName: 'ephemeral0' }],
    ['/dev/sdd', { VirtualName: 'ephemeral1' }],
  ]

  test('has no volumes, and the first ephemeral disk that is mapped', async () => {
    const ImageId = await it.register()
    const id = await it.run({ ImageId, ...mapped(ephemerals) })
    await it.idle()
    expect(volumes(it, id)).toEqual([])
    expect(it.cloud.instances.get(id)?.ephemerals).toEqual([{ deviceName: '/dev/sdb', virtualName: 'ephemeral0' }])
    const launch = { ImageId, MinCount: '1', MaxCount: '1', ...mapped([['/dev/sdf', { 'Ebs.VolumeSize': '1' }]]) }
    expect(await it.refusal('RunInstances', launch)).toMatch(/: Ebs block device mappings are not supported$/)
  })

  test('has volumes in aws as well, which end or stay as they were told', async () => {
    const ImageId = await aws.register()
    const ebs: Mapping[] = [
      ['/dev/sdf', { 'Ebs.VolumeSize': '1', 'Ebs.DeleteOnTermination': 'true' }],
      ['/dev/sdg', { 'Ebs.VolumeSize': '2', 'Ebs.DeleteOnTermination': 'false' }],
    ]
    const id = await aws.run({ ImageId, ...mapped([...ephemerals, ...ebs]) })
    await aws.idle()
    expect(volumes(aws, id)).toEqual(['/dev/sdf 1 ends', '/dev/sdg 2'])
    expect(aws.cloud.instances.get(id)?.ephemerals).toHaveLength(2)
    const [ends, stays] = volumesOf(aws.cloud.volumes.list(), id).map((volume) => volume.id)
    expect(aws.hypervisor.machine(id).drives).toEqual(['root', driveIdOf(ends ?? ''), driveIdOf(stays ?? '')])
    await aws.call('TerminateInstances', { 'InstanceId.1': id })
    await aws.idle()
    expect(await toldOfVolume(aws, stays ?? '')).toBe('available')
    expect(aws.cloud.volumes.get(ends ?? '')).toBeUndefined()
  })

  test.each<[string, Mapping, string]>([
    ['a volume of no size', ['/dev/sdf', { 'Ebs.DeleteOnTermination': 'true' }], 'Neither a size nor a snapshot is'],
    ['a volume for its root', ['/dev/sda1', { 'Ebs.VolumeSize': '2' }], 'The root device cannot be mapped'],
  ])('has in aws not %s', async (_title, mapping, sentence) => {
    const launch = { ImageId: await aws.register(), MinCount: '1', MaxCount: '1', ...mapped([mapping]) }
    expect(await aws.refusal('RunInstances', launch)).toContain(`InvalidBlockDeviceMapping: ${sentence}`)
  })
})
