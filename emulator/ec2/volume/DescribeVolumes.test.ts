import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items, theText } from '../../cloud.harness.ts'
import { attach, makeSnapshot, makeVolume } from './volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const alice = await it.account('alice')
const idle = await makeVolume(it)
const snapshot = await makeSnapshot(it, idle)
const restored = await makeVolume(it, { SnapshotId: snapshot, Size: '2' })
const used = await makeVolume(it)
const instance = await it.run()
await it.idle()
await attach(it, used, instance)
const alices = await makeVolume(it, {}, alice)

async function ids(parameters: Record<string, string>, as = it.administrator): Promise<string[]> {
  const answer = await it.call('DescribeVolumes', parameters, as)
  return items(answer, 'volumeSet')
    .map((one) => theText(one, 'volumeId'))
    .sort()
}

describe('shape', () => {
  test.each([
    [{ MaxResults: 'all' }, '400 400 Bad Request: Failed to bind the following fields:\nMaxResults = all'],
    [{ VolumeIds: 'x' }, '400 400 Bad Request: Failed to bind the following fields:\nVolumeIds'],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('DescribeVolumes', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each<[string, Record<string, string>, string]>([
    [
      'a malformed id',
      { 'VolumeId.1': 'vol-123' },
      "400 InvalidParameterValue: Value (vol-123) for parameter volume is invalid. Expected: 'vol-...'.",
    ],
    [
      'a volume that is not there',
      { 'VolumeId.1': 'vol-12345678' },
      "400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist",
    ],
  ])('%s', async (_title, parameters, refusal) => {
    expect(await clouds.eucalyptus.refusal('DescribeVolumes', parameters)).toBe(refusal)
    expect(await clouds.aws.refusal('DescribeVolumes', parameters)).toBe(refusal)
  })

  test("another account's volume does not exist", async () =>
    expect(await it.refusal('DescribeVolumes', { 'VolumeId.1': alices, 'VolumeId.2': idle }, alice)).toBe(
      `400 InvalidVolume.NotFound: The volume '${idle}' does not exist`,
    ))

  test('an unknown filter', async () =>
    expect(await it.refusal('DescribeVolumes', { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' })).toBe(
      "500 InternalFailure: The filter 'colour' is invalid.",
    ))
})

describe('effect', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['own volumes', {}, [idle, restored, used]],
    ['by id, in either case, twice', { 'VolumeId.1': idle.toUpperCase(), 'VolumeId.2': idle }, [idle]],
    ["an administrator's question for somebody's", { 'VolumeId.1': alices }, [alices]],
    ['everybody’s, for an administrator who says verbose', { 'VolumeId.1': 'verbose' }, [idle, restored, used, alices]],
  ])('%s', async (_title, parameters, expected) => expect(await ids(parameters)).toEqual([...expected].sort()))

  test('verbose gives users no more than their own', async () =>
    expect(await ids({ 'VolumeId.1': 'verbose' }, alice)).toEqual([alices]))

  test.each<[string, () => string, string[]]>([
    ['attachment.attach-time', () => '2026-01-01*', [used]],
    ['attachment.delete-on-termination', () => 'false', [used]],
    ['attachment.device', () => '/dev/sdf', [used]],
    ['attachment.instance-id', () => instance, [used]],
    ['attachment.status', () => 'attached', [used]],
    ['availability-zone', () => 'one', [idle, restored, used]],
    ['create-time', () => '2026-*', [idle, restored, used]],
    ['encrypted', () => 'true', []],
    ['size', () => '2', [restored]],
    ['snapshot-id', () => snapshot, [restored]],
    ['status', () => 'available', [idle, restored]],
    ['tag:Name', () => '*', []],
    ['volume-id', () => idle, [idle]],
    ['volume-type', () => 'standard', [idle, restored, used]],
  ])('the filter %s', async (name, value, expected) =>
    expect(await ids({ 'Filter.1.Name': name, 'Filter.1.Value.1': value() })).toEqual([...expected].sort()),
  )

  test('a volume as a client sees it', async () => {
    const answer = await it.call('DescribeVolumes', { 'VolumeId.1': used })
    expect(deep(answer, 'volumeSet', '0')).toEqual({
      volumeId: used,
      size: '1',
      snapshotId: '',
      availabilityZone: 'one',
      status: 'in-use',
      createTime: '2026-01-01T00:00:00.000Z',
      attachmentSet: [
        {
          volumeId: used,
          instanceId: instance,
          device: '/dev/sdf',
          status: 'attached',
          attachTime: '2026-01-01T00:00:00.000Z',
        },
      ],
      tagSet: '',
      volumeType: 'standard',
      encrypted: 'false',
    })
  })
})
