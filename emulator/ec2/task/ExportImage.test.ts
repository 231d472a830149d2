import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, type TestCloud, theText } from '../../cloud.harness.ts'
import { registerEbs } from '../volume/volume.harness.ts'
import { exportIsOver, keysOf, put } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
await put(aws, 'exports', 'mark', Buffer.from('a bucket'))
const alice = await aws.account('alice')
await put(aws, 'hers', 'mark', Buffer.from('a bucket'), alice)
const image = await aws.register()

const request = (ImageId: string, more: Record<string, string> = {}): Record<string, string> => ({
  ImageId,
  DiskImageFormat: 'RAW',
  'S3ExportLocation.S3Bucket': 'exports',
  ...more,
})

test('to eucalyptus, which is older, it is no action at all', async () =>
  expect(await eucalyptus.refusal('ExportImage', request('emi-12345678'))).toBe(
    '400 400 Bad Request: Failed to find binding for action ExportImage',
  ))

describe('refusals', () => {
  const paravirtual = aws.register({ virtualization: 'paravirtual' })
  test.each<[string, () => Promise<Record<string, string>>, string]>([
    [
      'no format',
      async () => request(image, { DiskImageFormat: '' }),
      '400 MissingParameter: The request must contain the parameter DiskImageFormat',
    ],
    [
      'an unknown format',
      async () => request(image, { DiskImageFormat: 'QCOW2' }),
      '400 InvalidParameterValue: Value (QCOW2) for parameter DiskImageFormat is invalid.',
    ],
    ['no image', async () => request(''), '400 MissingParameter: The request must contain the parameter ImageId'],
    ['an unknown image', async () => request('ami-00000000'), '400 InvalidAMIID.NotFound: '],
    ['a paravirtual image', async () => request(await paravirtual), '400 NotExportable: '],
    [
      'no bucket',
      async () => request(image, { 'S3ExportLocation.S3Bucket': '' }),
      '400 MissingParameter: The request must contain the parameter S3Bucket',
    ],
    [
      'an unknown bucket',
      async () => request(image, { 'S3ExportLocation.S3Bucket': 'nowhere' }),
      '400 InvalidParameter: The given S3 bucket nowhere does not exist',
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await aws.refusal('ExportImage', await parameters())).toContain(refusal),
  )

  test("another account's image, and another's bucket", async () => {
    expect(await aws.refusal('ExportImage', request(image), alice)).toContain('400 InvalidAMIID.NotFound: ')
    const own = await aws.register({ as: alice })
    expect(await aws.refusal('ExportImage', request(own), alice)).toBe(
      '400 InvalidParameter: The given S3 bucket exports may not be written',
    )
  })
})

test('a role that may export, but not write objects, writes none by an export', async () => {
  const role = { id: 'AROA', name: 'exporter', session: 's', may: (action: string) => !action.startsWith('s3:') }
  expect(await aws.refusal('ExportImage', request(image), { ...aws.administrator, role })).toBe(
    '400 InvalidParameter: The given S3 bucket exports may not be written',
  )
})

const size = async (it: TestCloud, bucket: string, key: string) =>
  (await it.cloud.objects.findObject(bucket, key))?.data.size

describe('effect', () => {
  test.each([
    ['an instance-store image', () => aws.register({ bytes: randomBytes(51_200) }), 51_200],
    ['an EBS image', () => registerEbs(aws), 65_536],
  ])('%s becomes one file, named by the task', async (_title, register, bytes) => {
    const ImageId = await register()
    const more = {
      'S3ExportLocation.S3Prefix': 'out/',
      Description: 'mine',
      RoleName: 'vmimport',
      ClientToken: ImageId,
    }
    const answer = await aws.call('ExportImage', request(ImageId, more))
    const id = theText(answer, 'exportImageTaskId')
    expect(id).toMatch(/^export-ami-[0-9a-f]{17}$/)
    expect(answer).toMatchObject({
      description: 'mine',
      diskImageFormat: 'RAW',
      imageId: ImageId,
      roleName: 'vmimport',
      s3ExportLocation: { s3Bucket: 'exports', s3Prefix: 'out/' },
      status: 'active',
    })
    expect(await aws.call('ExportImage', request(ImageId, more))).toMatchObject({ exportImageTaskId: id })
    await exportIsOver(aws, id)
    const task = await aws.call('DescribeExportImageTasks', { 'ExportImageTaskId.1': id })
    expect(deep(task, 'exportImageTaskSet', '0', 'status')).toBe('completed')
    expect(await size(aws, 'exports', `out/${id}.raw`)).toBe(bytes)
    expect(readdirSync(aws.cloud.files.conversions)).toEqual([])
    // What was made to read the snapshot is gone.
    expect(aws.cloud.volumes.list()).toHaveLength((await aws.cloud.storage.usage()).volumes)
  })

  test.each(['orderly', 'crash'] as const)('goes on after the emulator ended, %s', async (how) => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'exports', 'mark', Buffer.from('a bucket'))
    const answer = await it.call('ExportImage', request(await registerEbs(it)))
    const id = theText(answer, 'exportImageTaskId')
    const next = await it.restart(how)
    await exportIsOver(next, id)
    expect(next.cloud.exportTasks.get(id)?.state).toBe('completed')
    expect((await keysOf(next, 'exports')).sort()).toEqual([`${id}.raw`, 'mark'])
    expect(await next.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots: 1 })
  })

  test('an image whose bundle is gone fails with the reason', async () => {
    const ImageId = await aws.register({ bytes: randomBytes(10_000), location: 'gone/disk.manifest.xml' })
    for (const key of await keysOf(aws, 'gone')) await aws.cloud.objects.deleteObject('gone', key)
    const id = theText(await aws.call('ExportImage', request(ImageId)), 'exportImageTaskId')
    await exportIsOver(aws, id)
    const task = await aws.call('DescribeExportImageTasks', { 'ExportImageTaskId.1': id })
    expect(deep(task, 'exportImageTaskSet', '0')).toMatchObject({
      status: 'deleted',
      statusMessage: 'ClientError: There is no manifest gone/disk.manifest.xml',
    })
    expect(await keysOf(aws, 'exports')).not.toContain(`${id}.raw`)
  })
})
