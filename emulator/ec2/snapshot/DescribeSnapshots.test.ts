import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, theText } from '../../cloud.harness.ts'
import { makeSnapshot, makeVolume } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const alice = await it.account('alice')
const volume = await makeVolume(it, { Size: '2' })
const first = await makeSnapshot(it, volume)
const second = theText(
  await it.call('CreateSnapshot', { VolumeId: await makeVolume(it), Description: 'two' }),
  'snapshotId',
)
await it.idle()
const alices = await makeSnapshot(it, undefined, alice)

async function ids(parameters: Record<string, string>, as = it.administrator): Promise<string[]> {
  const answer = await it.call('DescribeSnapshots', parameters, as)
  return items(answer, 'snapshotSet')
    .map((one) => theText(one, 'snapshotId'))
    .sort()
}

test('shape: a parameter that is not there', async () =>
  expect(await it.refusal('DescribeSnapshots', { SnapshotIds: 'x' })).toBe(
    '400 400 Bad Request: Failed to bind the following fields:\nSnapshotIds',
  ))

describe('refusals', () => {
  test.each([
    ['snap-1', "400 InvalidParameterValue: Value (snap-1) for parameter snapshotId is invalid. Expected: 'snap-...'."],
    ['snap-12345678', "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."],
  ])('%s', async (id, refusal) => {
    for (const cloud of [clouds.eucalyptus, clouds.aws]) {
      expect(await cloud.refusal('DescribeSnapshots', { 'SnapshotId.1': id })).toBe(refusal)
    }
  })

  test("another account's snapshot does not exist", async () =>
    expect(await it.refusal('DescribeSnapshots', { 'SnapshotId.1': first }, alice)).toBe(
      `400 InvalidSnapshot.NotFound: The snapshot '${first}' does not exist.`,
    ))
})

describe('effect', () => {
  test.each<[string, () => Record<string, string>, string[]]>([
    ['own snapshots', () => ({}), [first, second]],
    ['by id, in either case, twice', () => ({ 'SnapshotId.1': first.toUpperCase(), 'SnapshotId.2': first }), [first]],
    ["an administrator's question for somebody's", () => ({ 'SnapshotId.1': alices }), [alices]],
    ['everybody’s, for verbose', () => ({ 'SnapshotId.1': 'verbose' }), [first, second, alices]],
    ['owner self', () => ({ 'Owner.1': 'self' }), [first, second]],
    ['another owner', () => ({ 'SnapshotId.1': 'verbose', 'Owner.1': alice.accountId }), [alices]],
    ['restorable by self', () => ({ 'RestorableBy.1': 'self' }), [first, second]],
    ['restorable by all', () => ({ 'RestorableBy.1': 'all' }), []],
  ])('%s', async (_title, parameters, expected) => expect(await ids(parameters())).toEqual([...expected].sort()))

  test('verbose gives users no more than their own', async () =>
    expect(await ids({ 'SnapshotId.1': 'verbose' }, alice)).toEqual([alices]))

  test.each<[string, () => string, string[]]>([
    ['description', () => 't?o', [second]],
    ['encrypted', () => 'false', [first, second]],
    ['owner-alias', () => 'eucalyptus', [first, second]],
    ['owner-id', () => it.administrator.accountId, [first, second]],
    ['progress', () => '100%', [first, second]],
    ['snapshot-id', () => first, [first]],
    ['start-time', () => '2026-01*', [first, second]],
    ['status', () => 'pending', []],
    ['tag-key', () => '*', []],
    ['tag-value', () => '*', []],
    ['tag:Name', () => '*', []],
    ['volume-id', () => volume, [first]],
    ['volume-size', () => '1', [second]],
  ])('the filter %s', async (name, value, expected) =>
    expect(await ids({ 'Filter.1.Name': name, 'Filter.1.Value.1': value() })).toEqual([...expected].sort()),
  )

  test('a snapshot as a client sees it', async () =>
    expect(deep(await it.call('DescribeSnapshots', { 'SnapshotId.1': second }), 'snapshotSet', '0')).toEqual({
      snapshotId: second,
      volumeId: it.cloud.snapshots.get(second)?.volumeId,
      status: 'completed',
      startTime: '2026-01-01T00:00:00.000Z',
      progress: '100%',
      ownerId: it.administrator.accountId,
      volumeSize: '1',
      description: 'two',
      ownerAlias: 'eucalyptus',
      tagSet: '',
      encrypted: 'false',
    }))
})
