import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, deep, freshCloud, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { describedTags, tag, tagParameters } from '../tag/tag.harness.ts'
import { makeSnapshot, registerEbs } from '../volume/volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)
const region = { SourceRegion: 'eucalyptus' }

const copy = async (
  it: TestCloud,
  SourceImageId: string,
  parameters: Record<string, string> = {},
  as = it.administrator,
) =>
  theText(
    await it.call('CopyImage', { SourceImageId, Name: `copy-${it.cloud.ids.uuid()}`, ...region, ...parameters }, as),
    'imageId',
  )

const shown = async (it: TestCloud, id: string, as = it.administrator) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }, as), 'imagesSet', '0')

test('shape: in aws without source or region; eucalyptus asks for nothing', async () => {
  expect(await aws.refusal('CopyImage', { ...region })).toBe(
    '400 MissingParameter: The request must contain the parameter sourceImageId',
  )
  expect(await aws.refusal('CopyImage', { SourceImageId: 'ami-12345678' })).toBe(
    '400 MissingParameter: The request must contain the parameter sourceRegion',
  )
  expect(await eucalyptus.call('CopyImage')).not.toHaveProperty('imageId')
})

describe('refusals in aws', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'another region',
      { SourceImageId: 'ami-12345678', SourceRegion: 'us-east-1' },
      '400 InvalidParameterValue: Value (us-east-1) for parameter sourceRegion is invalid.',
    ],
    ['what is no image id', { SourceImageId: 'image' }, '400 InvalidAMIID.Malformed: Invalid id: "image"'],
    [
      'an image that is not there',
      { SourceImageId: 'ami-12345678' },
      "400 InvalidAMIID.NotFound: The image id '[ami-12345678]' does not exist",
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await aws.refusal('CopyImage', { Name: 'copy', ...region, ...parameters })).toBe(refusal),
  )

  test('an image that one may run, but whose snapshots are not shared', async () => {
    const user = await aws.account('user')
    const SourceImageId = await registerEbs(aws)
    const snapshot = aws.cloud.images.get(SourceImageId)?.mappings?.[0]?.snapshotId ?? ''
    await aws.call('ModifyImageAttribute', { ImageId: SourceImageId, 'LaunchPermission.Add.1.UserId': user.accountId })
    expect(await aws.refusal('CopyImage', { Name: 'copy', ...region, SourceImageId }, user)).toBe(
      '400 InvalidRequest: You do not have permission to access the storage of this ami',
    )
    await aws.call('ModifySnapshotAttribute', {
      SnapshotId: snapshot,
      'CreateVolumePermission.Add.1.UserId': user.accountId,
    })
    const id = await copy(aws, SourceImageId, {}, user)
    await aws.idle()
    expect(await shown(aws, id, user)).toMatchObject({ imageOwnerId: user.accountId, imageState: 'available' })
  })

  test('a name that is taken', async () => {
    const SourceImageId = await registerEbs(aws, { Name: 'original' })
    expect(await aws.refusal('CopyImage', { ...region, SourceImageId })).toMatch(/^400 InvalidAMIName.Duplicate: /)
  })
})

describe('effect', () => {
  test('in eucalyptus nothing is copied', async () => {
    const SourceImageId = await registerEbs(eucalyptus)
    const before = eucalyptus.cloud.images.list().length
    await eucalyptus.call('CopyImage', { SourceImageId, Name: 'copy', ...region })
    expect(eucalyptus.cloud.images.list()).toHaveLength(before)
  })

  test('in aws an image with snapshots of its own, which outlives the first', async () => {
    const data = await makeSnapshot(aws)
    const original = await registerEbs(aws, {
      Description: 'the first',
      Architecture: 'x86_64',
      'BlockDeviceMapping.2.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.2.VirtualName': 'ephemeral0',
      'BlockDeviceMapping.3.DeviceName': '/dev/sdc',
      'BlockDeviceMapping.3.Ebs.SnapshotId': data,
      'BlockDeviceMapping.4.DeviceName': '/dev/sdd',
      'BlockDeviceMapping.4.Ebs.SnapshotId': data,
    })
    const root = aws.cloud.images.get(original)?.mappings?.[0]?.snapshotId ?? ''
    await tag(aws, original, { Name: 'first', role: 'web' })
    const id = await copy(aws, original, {
      CopyImageTags: 'true',
      'TagSpecification.1.ResourceType': 'image',
      ...tagParameters({ Name: 'second' }, 'TagSpecification.1.'),
    })
    expect(await shown(aws, id)).toMatchObject({ imageState: 'pending', blockDeviceMapping: '' })
    await aws.idle()
    await aws.call('DeregisterImage', { ImageId: original })
    for (const SnapshotId of [root, data]) await aws.call('DeleteSnapshot', { SnapshotId })
    await aws.idle()
    const image = await shown(aws, id)
    expect(image).toMatchObject({ imageState: 'available', architecture: 'x86_64', description: 'the first' })
    const mappings = items(image ?? '', 'blockDeviceMapping')
    expect(mappings).toMatchObject([
      { deviceName: '/dev/sda' },
      { deviceName: '/dev/sdb', virtualName: 'ephemeral0' },
      { deviceName: '/dev/sdc' },
      { deviceName: '/dev/sdd' },
    ])
    const [first, , second, third] = mappings.map((one) => deep(one, 'ebs', 'snapshotId'))
    expect(second).toBe(third)
    expect([root, data]).not.toContain(second)
    expect(aws.cloud.snapshots.get(String(first))).toMatchObject({ state: 'completed', volumeId: 'vol-ffffffff' })
    expect(await describedTags(aws, { 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': id })).toEqual([
      `image ${id} Name=second`,
      `image ${id} role=web`,
    ])
    await aws.run({ ImageId: id })
    await aws.idle()
    expect(await aws.cloud.storage.usage()).toMatchObject({
      snapshots: aws.cloud.snapshots.list().length,
      volumes: aws.cloud.volumes.list().length,
    })
  })

  test('one client token, one copy', async () => {
    const original = await registerEbs(aws)
    const ids = [1, 2].map(() => copy(aws, original, { ClientToken: 'token' }))
    expect(new Set(await Promise.all(ids)).size).toBe(1)
    await aws.idle()
  })

  test('a snapshot that is gone by then: it fails, with the reason', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const original = await registerEbs(it)
    const snapshot = it.cloud.images.get(original)?.mappings?.[0]?.snapshotId ?? ''
    await it.cloud.storage.deleteSnapshot(snapshot)
    const id = await copy(it, original)
    await it.idle()
    expect(errors).toHaveBeenCalledOnce()
    errors.mockRestore()
    const message = `the snapshot ${snapshot} has no disk`
    expect(await shown(it, id)).toMatchObject({ imageState: 'failed', stateReason: { message } })
    expect(it.cloud.snapshots.list().map((one) => one.id)).toEqual([snapshot])
    expect(await it.cloud.storage.usage()).toMatchObject({ snapshots: 0 })
  })
})
