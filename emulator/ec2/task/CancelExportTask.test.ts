import { afterAll, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, theText } from '../../cloud.harness.ts'
import { registerEbs } from '../volume/volume.harness.ts'
import { exportIsOver, keysOf, put } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const request = { DiskImageFormat: 'RAW', 'S3ExportLocation.S3Bucket': 'exports' }

test('to eucalyptus it is no action that it does', async () =>
  expect(await eucalyptus.refusal('CancelExportTask', { ExportTaskId: 'export-i-0' })).toMatch(
    /^400 UnsupportedOperation: /,
  ))

test('refuses an unknown task, and one that is over', async () => {
  expect(await aws.refusal('CancelExportTask', { ExportTaskId: 'export-i-0' })).toBe(
    "400 InvalidExportTaskID.NotFound: The export task ID 'export-i-0' does not exist",
  )
  await put(aws, 'exports', 'mark', Buffer.from('a bucket'))
  const id = theText(await aws.call('ExportImage', { ...request, ImageId: await aws.register() }), 'exportImageTaskId')
  await exportIsOver(aws, id)
  expect(await aws.refusal('CancelExportTask', { ExportTaskId: id })).toBe(
    `400 IncorrectState: The export task ${id} is completed and cannot be cancelled`,
  )
})

test('a task under way leaves no file', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  await put(it, 'exports', 'mark', Buffer.from('a bucket'))
  const ImageId = await registerEbs(it)
  const before = await it.cloud.storage.usage()
  const id = theText(await it.call('ExportImage', { ...request, ImageId }), 'exportImageTaskId')
  expect(await it.call('CancelExportTask', { ExportTaskId: id })).toMatchObject({ return: 'true' })
  await exportIsOver(it, id)
  const task = await it.call('DescribeExportImageTasks', { 'ExportImageTaskId.1': id })
  expect(deep(task, 'exportImageTaskSet', '0')).toMatchObject({ status: 'deleted', statusMessage: 'Cancelled by user' })
  expect(await keysOf(it, 'exports')).toEqual(['mark'])
  expect(await it.cloud.storage.usage()).toEqual(before)
})
