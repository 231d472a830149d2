import { randomBytes } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, type TestCloud, theText } from '../../cloud.harness.ts'
import { exportIsOver, imageFrom, importIsOver, keysOf, put } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
await put(aws, 'exports', 'mark', Buffer.from('a bucket'))

const request = (InstanceId: string, more: Record<string, string> = {}): Record<string, string> => ({
  InstanceId,
  TargetEnvironment: 'vmware',
  'ExportToS3.DiskImageFormat': 'RAW',
  'ExportToS3.S3Bucket': 'exports',
  'ExportToS3.S3Prefix': 'out/',
  ...more,
})

/** A running instance of an image that was imported. */
async function imported(it: TestCloud): Promise<string> {
  await put(it, 'exports', 'disk', randomBytes(100_000))
  const task = theText(await it.call('ImportImage', imageFrom('exports', 'disk')), 'importTaskId')
  await importIsOver(it, task)
  const id = await it.run({ ImageId: it.cloud.importTasks.get(task)?.imageId ?? '' })
  await it.idle()
  return id
}

test('to eucalyptus it is no action that it does', async () =>
  expect(await eucalyptus.refusal('CreateInstanceExportTask', request('i-12345678'))).toMatch(
    /^400 UnsupportedOperation: /,
  ))

describe('refusals', async () => {
  const other = await aws.run()
  const id = await imported(aws)
  const missing = (name: string) => `400 MissingParameter: The request must contain the parameter ${name}`
  test.each<[string, Record<string, string>, string]>([
    ['no instance', request(''), missing('InstanceId')],
    ['no environment', request(id, { TargetEnvironment: '' }), missing('TargetEnvironment')],
    ['no format', request(id, { 'ExportToS3.DiskImageFormat': '' }), missing('DiskImageFormat')],
    ['no bucket', request(id, { 'ExportToS3.S3Bucket': '' }), missing('S3Bucket')],
    [
      'another environment',
      request(id, { TargetEnvironment: 'kvm' }),
      '400 InvalidParameterValue: Value (kvm) for parameter TargetEnvironment is invalid.',
    ],
    [
      'an OVA',
      request(id, { 'ExportToS3.ContainerFormat': 'ova' }),
      '400 InvalidParameterValue: Value (ova) for parameter ContainerFormat is invalid.',
    ],
    [
      'an instance that was not imported',
      request(other),
      `400 NotExportable: Only imported instances can be exported, which ${other} is not.`,
    ],
    [
      'an unknown instance',
      request('i-00000000'),
      "400 InvalidInstanceID.NotFound: The instance ID 'i-00000000' does not exist",
    ],
  ])('%s', async (_title, parameters, refusal) =>
    expect(await aws.refusal('CreateInstanceExportTask', parameters)).toBe(refusal),
  )
})

test.each(['running', 'stopped'])('an instance that is %s: its root as it is now', async (state) => {
  const it = await freshCloud({ fidelity: 'aws' })
  const instanceId = await imported(it)
  if (state === 'stopped') await it.call('StopInstances', { 'InstanceId.1': instanceId })
  await it.idle()
  const snapshots = it.cloud.snapshots.list().length
  const answer = await it.call('CreateInstanceExportTask', request(instanceId, { Description: 'mine' }))
  const id = theText(answer, 'exportTask', 'exportTaskId')
  expect(deep(answer, 'exportTask')).toMatchObject({
    description: 'mine',
    exportToS3: { diskImageFormat: 'RAW', s3Bucket: 'exports', s3Key: `out/${id}.raw` },
    instanceExport: { instanceId, targetEnvironment: 'vmware' },
    state: 'active',
  })
  await exportIsOver(it, id)
  const task = await it.call('DescribeExportTasks', { 'ExportTaskId.1': id })
  expect(deep(task, 'exportTaskSet', '0', 'state')).toBe('completed')
  await it.idle()
  expect((await it.cloud.objects.findObject('exports', `out/${id}.raw`))?.data.size).toBeGreaterThan(0)
  // The copy goes, the snapshot of the image stays.
  expect(it.cloud.snapshots.list()).toHaveLength(snapshots)
  expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots })
})

test.each(['orderly', 'crash'] as const)('goes on after the emulator ended, %s', async (how) => {
  const it = await freshCloud({ fidelity: 'aws' })
  const instanceId = await imported(it)
  const id = theText(await it.call('CreateInstanceExportTask', request(instanceId)), 'exportTask', 'exportTaskId')
  const next = await it.restart(how)
  await exportIsOver(next, id)
  expect(next.cloud.exportTasks.get(id)?.state).toBe('completed')
  await next.idle()
  expect(await keysOf(next, 'exports')).toContain(`out/${id}.raw`)
  expect(await next.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots: 1 })
})
