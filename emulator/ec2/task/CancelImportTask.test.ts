import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { imageFrom, importIsOver, put, snapshotFrom, until } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

test('to eucalyptus it is no action that it does', async () =>
  expect(await eucalyptus.refusal('CancelImportTask', { ImportTaskId: 'import-ami-1' })).toMatch(
    /^400 UnsupportedOperation: /,
  ))

test('refuses an unknown task, and one that is over', async () => {
  expect(await aws.refusal('CancelImportTask', { ImportTaskId: 'import-ami-1' })).toBe(
    "400 InvalidConversionTaskId: The import task ID 'import-ami-1' does not exist",
  )
  expect(await aws.refusal('CancelImportTask')).toBe(
    '400 MissingParameter: The request must contain the parameter ImportTaskId',
  )
  await put(aws, 'disks', 'disk', Buffer.from('a disk'))
  const id = theText(await aws.call('ImportSnapshot', snapshotFrom('disks', 'disk')), 'importTaskId')
  await importIsOver(aws, id)
  expect(await aws.refusal('CancelImportTask', { ImportTaskId: id })).toBe(
    `400 IncorrectState: The import task ${id} is completed and cannot be cancelled`,
  )
})

test('a task under way ends with the reason, and leaves nothing', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  await put(it, 'disks', 'disk', randomBytes(30_000_000))
  const id = theText(await it.call('ImportImage', imageFrom('disks', 'disk')), 'importTaskId')
  await until(it, () => it.cloud.conversions.progress(`${id}-0`) > 0)
  expect(await it.call('CancelImportTask', { ImportTaskId: id, CancelReason: 'another day' })).toMatchObject({
    importTaskId: id,
    previousState: 'active',
    state: 'deleting',
  })
  await importIsOver(it, id)
  const [task] = items(await it.call('DescribeImportImageTasks'), 'importImageTaskSet')
  expect(task).toMatchObject({ status: 'deleted', statusMessage: 'another day' })
  expect(deep(task, 'imageId')).toBeUndefined()
  expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
  expect(readdirSync(it.cloud.files.conversions)).toEqual([])
})
