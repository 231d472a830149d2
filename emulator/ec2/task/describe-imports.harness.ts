import { afterAll, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { imageFrom, importIsOver, put, snapshotFrom } from './task.harness.ts'

/** The two kinds of tasks: what makes them, what describes them, and where their status stands. */
const kinds = {
  image: {
    ...{ make: 'ImportImage', from: imageFrom, describe: 'DescribeImportImageTasks' },
    ...{ set: 'importImageTaskSet', status: ['status'] },
  },
  snapshot: {
    ...{ make: 'ImportSnapshot', from: snapshotFrom, describe: 'DescribeImportSnapshotTasks' },
    ...{ set: 'importSnapshotTaskSet', status: ['snapshotTaskDetail', 'status'] },
  },
} as const

/** The tests of the operation that describes the imports of one kind: both select and refuse alike. */
export async function testDescribeImports(kind: keyof typeof kinds): Promise<void> {
  const { close, eucalyptus, aws } = await bothClouds()
  afterAll(close)
  const { describe, set, status } = kinds[kind]

  test('to eucalyptus it is an action that is not supported', async () =>
    expect(await eucalyptus.refusal(describe)).toMatch(/^400 UnsupportedOperation: /))

  test('an unknown id is a fault', async () =>
    expect(await aws.refusal(describe, { 'ImportTaskId.1': 'import-0' })).toBe(
      "400 InvalidConversionTaskId: The import task ID 'import-0' does not exist",
    ))

  test('everybody sees their own of this kind, by id and by state; administrators all by id', async () => {
    const alice = await aws.account('alice')
    await put(aws, 'disks', 'disk', Buffer.from('a disk'), alice)
    const made: Partial<Record<keyof typeof kinds, string>> = {}
    for (const one of ['image', 'snapshot'] as const) {
      const { make, from } = kinds[one]
      made[one] = theText(await aws.call(make, from('disks', 'disk'), alice), 'importTaskId')
      await importIsOver(aws, made[one])
    }
    const id = made[kind] ?? ''
    const seen = async (parameters: Record<string, string>, as?: typeof alice) =>
      items(await aws.call(describe, parameters, as), set).map((task) => [
        theText(task, 'importTaskId'),
        theText(task, ...status),
      ])
    const mine = [[id, 'completed']]
    expect(await seen({}, alice)).toEqual(mine)
    expect(await seen({})).toEqual([])
    expect(await seen({ 'ImportTaskId.1': id })).toEqual(mine)
    const state = (Value: string) => ({ 'Filters.1.Name': 'task-state', 'Filters.1.Value.1': Value })
    expect(await seen(state('completed'), alice)).toEqual(mine)
    expect(await seen(state('active'), alice)).toEqual([])
    const bob = await aws.account('bob')
    expect(await aws.refusal(describe, { 'ImportTaskId.1': id }, bob)).toMatch(/InvalidConversionTaskId/)
  })
}
