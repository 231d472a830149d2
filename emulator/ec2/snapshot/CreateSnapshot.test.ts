import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, theText } from '../../cloud.harness.ts'
import { attach, hold, makeVolume } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

test('shape: without a volume', async () =>
  expect(await it.refusal('CreateSnapshot')).toBe(
    '400 MissingParameter: The request must contain the parameter VolumeId',
  ))

describe('refusals', () => {
  test.each([
    ['vol-1', "400 InvalidParameterValue: Value (vol-1) for parameter volume is invalid. Expected: 'vol-...'."],
    ['vol-12345678', "400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist"],
  ])('%s', async (VolumeId, refusal) => {
    for (const cloud of [clouds.eucalyptus, clouds.aws]) {
      expect(await cloud.refusal('CreateSnapshot', { VolumeId })).toBe(refusal)
    }
  })

  test("another account's, also for administrators", async () => {
    const VolumeId = await makeVolume(it, {}, await it.account('alice'))
    expect(await it.refusal('CreateSnapshot', { VolumeId })).toBe(
      `400 InvalidVolume.NotFound: The volume '${VolumeId}' does not exist`,
    )
  })

  test.each([
    ['eucalyptus', '500 InternalFailure'],
    ['aws', '400 IncorrectState'],
  ] as const)('one that is not ready, in %s', async (fidelity, code) => {
    const cloud = clouds[fidelity]
    const VolumeId = await makeVolume(cloud)
    await cloud.cloud.store.change((draft) => {
      const volumes = cloud.cloud.volumes.in(draft)
      volumes.put({ ...volumes.get(VolumeId)!, state: 'creating' })
    })
    expect(await cloud.refusal('CreateSnapshot', { VolumeId })).toBe(`${code}: Volume ${VolumeId} not yet ready`)
  })
})

describe('effect', () => {
  const shownOf = async (id: string) =>
    deep(await it.call('DescribeSnapshots', { 'SnapshotId.1': id }), 'snapshotSet', '0')

  test.each(['available', 'in use'])('of a volume that is %s: pending, then completed', async (how) => {
    const VolumeId = await makeVolume(it, { Size: '2' })
    if (how === 'in use') {
      const id = await it.run()
      await it.idle()
      await attach(it, VolumeId, id)
    }
    const release = hold(it, VolumeId)
    const answer = await it.call('CreateSnapshot', { VolumeId, Description: 'before the change' })
    const snapshot = {
      snapshotId: expect.stringMatching(/^snap-[0-9a-f]{8}$/),
      volumeId: VolumeId,
      status: 'pending',
      startTime: '2026-01-01T00:00:00.000Z',
      progress: '0%',
      ownerId: it.administrator.accountId,
      volumeSize: '2',
      description: 'before the change',
    }
    expect(answer).toMatchObject(snapshot)
    const id = theText(answer, 'snapshotId')
    expect(await shownOf(id)).toMatchObject(snapshot)
    release()
    await it.idle()
    expect(await shownOf(id)).toMatchObject({ ...snapshot, status: 'completed', progress: '100%' })
    expect(await it.cloud.storage.usage()).toMatchObject({ snapshots: it.cloud.snapshots.list().length })
  })

  test('several at once of one volume', async () => {
    const VolumeId = await makeVolume(it)
    const ids = await Promise.all(
      [1, 2, 3].map(async () => theText(await it.call('CreateSnapshot', { VolumeId }), 'snapshotId')),
    )
    await it.idle()
    expect(ids.map((id) => it.cloud.snapshots.get(id)?.state)).toEqual(['completed', 'completed', 'completed'])
  })
})
