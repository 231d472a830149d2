import { afterAll, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { imageFrom, importIsOver, put, snapshotFrom } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

test('to eucalyptus it is an action that is not supported', async () =>
  expect(await eucalyptus.refusal('DescribeImportImageTasks')).toMatch(/^400 UnsupportedOperation: /))

test('an unknown id is a fault', async () =>
  expect(await aws.refusal('DescribeImportImageTasks', { 'ImportTaskId.1': 'import-0' })).toBe(
    "400 InvalidConversionTaskId: The import task ID 'import-0' does not exist",
  ))

test('everybody sees their own of this kind, by id and by state; administrators all by id', async () => {
  const alice = await aws.account('alice')
  await put(aws, 'disks', 'disk', Buffer.from('a disk'), alice)
  const other = theText(await aws.call('ImportSnapshot', snapshotFrom('disks', 'disk'), alice), 'importTaskId')
  const id = theText(await aws.call('ImportImage', imageFrom('disks', 'disk'), alice), 'importTaskId')
  await importIsOver(aws, id)
  await importIsOver(aws, other)
  const ids = async (parameters: Record<string, string>, as?: typeof alice) =>
    items(await aws.call('DescribeImportImageTasks', parameters, as), 'importImageTaskSet').map((task) => [
      theText(task, 'importTaskId'),
      theText(task, 'status'),
    ])
  const mine = [[id, 'completed']]
  expect(await ids({}, alice)).toEqual(mine)
  expect(await ids({})).toEqual([])
  expect(await ids({ 'ImportTaskId.1': id })).toEqual(mine)
  const state = (Value: string) => ({ 'Filters.1.Name': 'task-state', 'Filters.1.Value.1': Value })
  expect(await ids(state('completed'), alice)).toEqual(mine)
  expect(await ids(state('active'), alice)).toEqual([])
  const bob = await aws.account('bob')
  expect(await aws.refusal('DescribeImportImageTasks', { 'ImportTaskId.1': id }, bob)).toMatch(
    /InvalidConversionTaskId/,
  )
})
