import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { imageFrom, importIsOver, put } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
await put(aws, 'disks', 'disk.raw', randomBytes(200_000))

test('to eucalyptus it is an action that is not supported', async () =>
  expect(await eucalyptus.refusal('ImportImage', {})).toBe(
    '400 UnsupportedOperation: The operation ImportImage is not supported by this cloud',
  ))

describe('refusals', () => {
  const disk = imageFrom('disks', 'disk.raw')
  const invalid = (value: string, name: string) =>
    `400 InvalidParameterValue: Value (${value}) for parameter ${name} is invalid.`
  test.each<[string, Record<string, string>, string]>([
    ['no disk', {}, '400 MissingParameter: The request must contain the parameter DiskContainer'],
    ['arm64', { ...disk, Architecture: 'arm64' }, invalid('arm64', 'Architecture')],
    ['UEFI if possible', { ...disk, BootMode: 'uefi-preferred' }, invalid('uefi-preferred', 'BootMode')],
    ['another platform', { ...disk, Platform: 'BeOS' }, invalid('BeOS', 'Platform')],
    ['another hypervisor', { ...disk, Hypervisor: 'kvm' }, invalid('kvm', 'Hypervisor')],
    ['another licence', { ...disk, LicenseType: 'GPL' }, invalid('GPL', 'LicenseType')],
    [
      'an unknown snapshot',
      { 'DiskContainer.1.SnapshotId': 'snap-00000000' },
      "400 InvalidSnapshot.NotFound: The snapshot 'snap-00000000' does not exist.",
    ],
  ])('%s', async (_title, parameters, refusal) => expect(await aws.refusal('ImportImage', parameters)).toBe(refusal))
})

describe('effect', () => {
  test('an image of the caller that is named as the task', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const as = await it.account('alice')
    await put(it, 'disks', 'root', randomBytes(200_000), as)
    await put(it, 'disks', 'data', randomBytes(1_000), as)
    const request = {
      ...imageFrom('disks', 'root'),
      'DiskContainer.2.Format': 'RAW',
      'DiskContainer.2.UserBucket.S3Bucket': 'disks',
      'DiskContainer.2.UserBucket.S3Key': 'data',
      Description: 'mine',
    }
    const answer = await it.call('ImportImage', request, as)
    const id = theText(answer, 'importTaskId')
    expect(id).toMatch(/^import-ami-[0-9a-f]{17}$/)
    expect(answer).toMatchObject({ status: 'active', statusMessage: 'pending', platform: 'Linux', description: 'mine' })
    await importIsOver(it, id)
    const task = deep(
      await it.call('DescribeImportImageTasks', { 'ImportTaskId.1': id }, as),
      'importImageTaskSet',
      '0',
    )
    expect(deep(task, 'status')).toBe('completed')
    const [image] = items(await it.call('DescribeImages', { 'Owner.1': 'self' }, as), 'imagesSet')
    expect(image).toMatchObject({
      imageId: theText(task, 'imageId'),
      name: id,
      architecture: 'x86_64',
      rootDeviceName: '/dev/sda1',
      virtualizationType: 'hvm',
    })
    const snapshots = items(task ?? '', 'snapshotDetailSet').map((one) => theText(one, 'snapshotId'))
    expect(items(image ?? '', 'blockDeviceMapping')).toMatchObject([
      { deviceName: '/dev/sda1', ebs: { snapshotId: snapshots[0] } },
      { deviceName: '/dev/sdb', ebs: { snapshotId: snapshots[1] } },
    ])
    const instance = await it.run({ ImageId: theText(image, 'imageId') }, as)
    await it.idle()
    expect(it.cloud.instances.get(instance)?.state).toBe('running')
  })

  test('an image that boots by UEFI, as it was asked for', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'disks', 'root', randomBytes(200_000))
    const answer = await it.call('ImportImage', { ...imageFrom('disks', 'root'), BootMode: 'uefi' })
    expect(answer).toMatchObject({ bootMode: 'uefi' })
    await importIsOver(it, theText(answer, 'importTaskId'))
    expect(it.cloud.images.list()).toMatchObject([{ state: 'available', bootMode: 'uefi' }])
  })

  test('of a snapshot that is there: it stays when the task is cancelled', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'disks', 'root', randomBytes(200_000))
    const first = theText(await it.call('ImportImage', imageFrom('disks', 'root')), 'importTaskId')
    await importIsOver(it, first)
    const [{ id: snapshotId } = { id: '' }] = it.cloud.snapshots.list()
    const answer = await it.call('ImportImage', { 'DiskContainer.1.SnapshotId': snapshotId })
    await it.call('CancelImportTask', { ImportTaskId: theText(answer, 'importTaskId') })
    await importIsOver(it, theText(answer, 'importTaskId'))
    expect(it.cloud.snapshots.list()).toHaveLength(1)
    const again = theText(await it.call('ImportImage', { 'DiskContainer.1.SnapshotId': snapshotId }), 'importTaskId')
    await importIsOver(it, again)
    expect(
      it.cloud.images
        .list()
        .filter(({ state }) => state === 'available')
        .map(({ name }) => name)
        .sort(),
    ).toEqual([first, again].sort())
  })

  test.each(['orderly', 'crash'] as const)('goes on after the emulator ended, %s', async (how) => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'disks', 'root', randomBytes(6_000_000))
    const id = theText(await it.call('ImportImage', imageFrom('disks', 'root')), 'importTaskId')
    const next = await it.restart(how)
    await importIsOver(next, id)
    expect(next.cloud.importTasks.get(id)?.state).toBe('completed')
    expect(next.cloud.images.list()).toHaveLength(1)
    expect(await next.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 1 })
  })
})
