import { afterAll, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { exportIsOver, put } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

test('to eucalyptus, which is older, it is no action at all', async () =>
  expect(await eucalyptus.refusal('DescribeExportImageTasks')).toBe(
    '400 400 Bad Request: Failed to find binding for action DescribeExportImageTasks',
  ))

test('an unknown id is a fault', async () =>
  expect(await aws.refusal('DescribeExportImageTasks', { 'ExportImageTaskId.1': 'export-ami-0' })).toBe(
    "400 InvalidExportTaskID.NotFound: The export task ID 'export-ami-0' does not exist",
  ))

test('everybody sees their own, by id and by state; administrators all by id', async () => {
  const [alice, bob] = [await aws.account('alice'), await aws.account('bob')]
  await put(aws, 'exports', 'mark', Buffer.from('a bucket'), alice)
  const request = {
    ImageId: await aws.register({ as: alice }),
    DiskImageFormat: 'RAW',
    'S3ExportLocation.S3Bucket': 'exports',
  }
  const id = theText(await aws.call('ExportImage', request, alice), 'exportImageTaskId')
  await exportIsOver(aws, id)
  const ids = async (parameters: Record<string, string>, as?: typeof alice) =>
    items(await aws.call('DescribeExportImageTasks', parameters, as), 'exportImageTaskSet').map((task) =>
      theText(task, 'exportImageTaskId'),
    )
  expect(await ids({}, alice)).toEqual([id])
  expect(await ids({})).toEqual([])
  expect(await ids({ 'ExportImageTaskId.1': id })).toEqual([id])
  const state = (Value: string) => ({ 'Filter.1.Name': 'task-state', 'Filter.1.Value.1': Value })
  expect(await ids(state('completed'), alice)).toEqual([id])
  expect(await ids(state('active'), alice)).toEqual([])
  expect(await aws.refusal('DescribeExportImageTasks', { 'ExportImageTaskId.1': id }, bob)).toMatch(/NotFound/)
})
