import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { importIsOver, presigned, put, snapshotFrom } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const bytes = randomBytes(200_000)
await put(aws, 'disks', 'a/disk.raw', bytes)

test('to eucalyptus it is an action that is not supported', async () =>
  expect(await eucalyptus.refusal('ImportSnapshot', {})).toBe(
    '400 UnsupportedOperation: The operation ImportSnapshot is not supported by this cloud',
  ))

describe('refusals', () => {
  test.each<[string, Record<string, string>, string]>([
    ['no disk', {}, '400 MissingParameter: The request must contain the parameter DiskContainer'],
    [
      'no place',
      { 'DiskContainer.Format': 'RAW' },
      '400 MissingParameter: The request must contain the parameter DiskContainer.UserBucket',
    ],
    [
      'an unknown format',
      { ...snapshotFrom('disks', 'a/disk.raw'), 'DiskContainer.Format': 'OVA' },
      '400 InvalidParameter: The disk image format OVA is not supported',
    ],
    ['no such object', snapshotFrom('disks', 'b'), '400 InvalidParameter: The given S3 object disks/b does not exist'],
    [
      'no such bucket',
      snapshotFrom('nowhere', 'b'),
      '400 InvalidParameter: The given S3 object nowhere/b does not exist',
    ],
    [
      'an address elsewhere',
      { 'DiskContainer.Format': 'RAW', 'DiskContainer.Url': 'http://169.254.169.254/latest/user-data?x=y' },
      '400 InvalidParameter: The given S3 object http://169.254.169.254/latest/user-data may not be read',
    ],
  ])('%s', async (_title, parameters, refusal) => expect(await aws.refusal('ImportSnapshot', parameters)).toBe(refusal))

  test("another account's object", async () => {
    const alice = await aws.account('alice')
    expect(await aws.refusal('ImportSnapshot', snapshotFrom('disks', 'a/disk.raw'), alice)).toBe(
      '400 InvalidParameter: The given S3 object disks/a/disk.raw may not be read',
    )
  })
})

test('a role that may import, but not read objects, reads none by an import', async () => {
  const role = { id: 'AROA', name: 'importer', session: 's', may: (action: string) => !action.startsWith('s3:') }
  expect(await aws.refusal('ImportSnapshot', snapshotFrom('disks', 'a/disk.raw'), { ...aws.administrator, role })).toBe(
    '400 InvalidParameter: The given S3 object disks/a/disk.raw may not be read',
  )
})

describe('effect', () => {
  test.each([
    ['from a bucket', () => snapshotFrom('disks', 'a/disk.raw')],
    ['from an s3 URL', () => ({ 'DiskContainer.Format': 'raw', 'DiskContainer.Url': 's3://disks/a/disk.raw' })],
    [
      'from a presigned URL',
      () => ({ 'DiskContainer.Format': 'RAW', 'DiskContainer.Url': presigned(aws, 'GET', 'disks', 'a/disk.raw') }),
    ],
  ])('%s', async (_title, parameters) => {
    const answer = await aws.call('ImportSnapshot', {
      ...parameters(),
      Description: 'mine',
      'DiskContainer.Description': 'its disk',
    })
    const id = theText(answer, 'importTaskId')
    expect(id).toMatch(/^import-snap-[0-9a-f]{17}$/)
    expect(answer).toMatchObject({
      description: 'mine',
      snapshotTaskDetail: {
        description: 'its disk',
        diskImageSize: '200000.0',
        format: 'RAW',
        progress: '0',
        status: 'active',
        statusMessage: 'pending',
      },
    })
    await importIsOver(aws, id)
    const task = deep(
      await aws.call('DescribeImportSnapshotTasks', { 'ImportTaskId.1': id }),
      'importSnapshotTaskSet',
      '0',
    )
    const snapshotId = theText(task, 'snapshotTaskDetail', 'snapshotId')
    expect(deep(task, 'snapshotTaskDetail', 'status')).toBe('completed')
    const [snapshot] = items(await aws.call('DescribeSnapshots', { 'SnapshotId.1': snapshotId }), 'snapshotSet')
    expect(snapshot).toMatchObject({
      status: 'completed',
      volumeSize: '1',
      description: `Created by AWS-VMImport service for ${id}`,
    })
  })

  test('a token that was used before answers with its task', async () => {
    const request = { ...snapshotFrom('disks', 'a/disk.raw'), ClientToken: 'once' }
    const [first, second] = [await aws.call('ImportSnapshot', request), await aws.call('ImportSnapshot', request)]
    expect(theText(second, 'importTaskId')).toBe(theText(first, 'importTaskId'))
    await importIsOver(aws, theText(first, 'importTaskId'))
  })

  test('what is no VMDK ends as deleted, with the reason, and leaves nothing', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'disks', 'disk.vmdk', bytes)
    const request = { ...snapshotFrom('disks', 'disk.vmdk'), 'DiskContainer.Format': 'VMDK' }
    const id = theText(await it.call('ImportSnapshot', request), 'importTaskId')
    await importIsOver(it, id)
    const [task] = items(await it.call('DescribeImportSnapshotTasks'), 'importSnapshotTaskSet')
    expect(deep(task, 'snapshotTaskDetail')).toMatchObject({
      status: 'deleted',
      statusMessage: 'ClientError: the file is not vmdk but raw',
    })
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
    expect(readdirSync(it.cloud.files.conversions)).toEqual([])
  })

  test.each(['orderly', 'crash'] as const)('goes on after the emulator ended, %s', async (how) => {
    const it = await freshCloud({ fidelity: 'aws' })
    await put(it, 'disks', 'disk', randomBytes(6_000_000))
    const id = theText(await it.call('ImportSnapshot', snapshotFrom('disks', 'disk')), 'importTaskId')
    const next = await it.restart(how)
    await importIsOver(next, id)
    expect(next.cloud.importTasks.get(id)?.state).toBe('completed')
    expect(next.cloud.snapshots.list()).toHaveLength(1)
    expect(await next.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 1 })
  })
})
