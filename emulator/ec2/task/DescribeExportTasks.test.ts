import { afterAll, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { exportIsOver, importInstance, instanceRequest, isOver, put, uploadOf } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

test('to eucalyptus it is no action that it does', async () =>
  expect(await eucalyptus.refusal('DescribeExportTasks')).toMatch(/^400 UnsupportedOperation: /))

test('an unknown id is a fault', async () =>
  expect(await aws.refusal('DescribeExportTasks', { 'ExportTaskId.1': 'export-i-0' })).toBe(
    "400 InvalidExportTaskID.NotFound: The export task ID 'export-i-0' does not exist",
  ))

test('everybody sees their own tasks of instances, not of images', async () => {
  const alice = await aws.account('alice')
  const bytes = Buffer.alloc(1000, 'disk')
  const upload = uploadOf(aws, { bytes, as: alice })
  await upload.all()
  const conversion = await importInstance(aws, instanceRequest(upload.url, bytes.length), alice)
  await isOver(aws, conversion)
  await put(aws, 'exports', 'mark', Buffer.from('a bucket'), alice)
  const request = {
    InstanceId: aws.cloud.conversionTasks.get(conversion)?.instanceId ?? '',
    TargetEnvironment: 'microsoft',
    'ExportToS3.DiskImageFormat': 'VHD',
    'ExportToS3.S3Bucket': 'exports',
  }
  const id = theText(await aws.call('CreateInstanceExportTask', request, alice), 'exportTask', 'exportTaskId')
  const ofImage = {
    ImageId: await aws.register({ as: alice }),
    DiskImageFormat: 'RAW',
    'S3ExportLocation.S3Bucket': 'exports',
  }
  const other = theText(await aws.call('ExportImage', ofImage, alice), 'exportImageTaskId')
  await exportIsOver(aws, id)
  await exportIsOver(aws, other)
  const ids = async (parameters: Record<string, string>, as?: typeof alice) =>
    items(await aws.call('DescribeExportTasks', parameters, as), 'exportTaskSet').map((task) => [
      theText(task, 'exportTaskId'),
      theText(task, 'exportToS3', 's3Key'),
      theText(task, 'state'),
    ])
  expect(await ids({}, alice)).toEqual([[id, `${id}.vhd`, 'completed']])
  expect(await ids({})).toEqual([])
  expect(await ids({ 'ExportTaskId.1': id })).toHaveLength(1)
})
