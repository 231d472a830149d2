import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'
import { attach, hold, makeSnapshot, makeVolume, stoppedInstance, told } from './volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const all = [clouds.eucalyptus, clouds.aws]

test('shape: without a volume', async () =>
  expect(await it.refusal('DeleteVolume')).toBe(
    '400 MissingParameter: The request must contain the parameter VolumeId',
  ))

describe('refusals', () => {
  test.each([
    [
      'i-12345678',
      "400 InvalidParameterValue: Value (i-12345678) for parameter volume is invalid. Expected: 'vol-...'.",
    ],
    ['vol-12345678', "400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist"],
  ])('%s', async (VolumeId, refusal) => {
    for (const cloud of all) expect(await cloud.refusal('DeleteVolume', { VolumeId })).toBe(refusal)
  })

  test("another account's", async () => {
    const VolumeId = await makeVolume(it)
    expect(await it.refusal('DeleteVolume', { VolumeId }, await it.account('stranger'))).toBe(
      `400 InvalidVolume.NotFound: The volume '${VolumeId}' does not exist`,
    )
  })

  test('one that an instance has, be it stopped', async () => {
    const VolumeId = await makeVolume(it)
    const running = await it.run()
    await it.idle()
    await attach(it, VolumeId, running)
    const { id, root } = await stoppedInstance(it)
    for (const [volume, instance] of [
      [VolumeId, running],
      [root, id],
    ] as const) {
      expect(await it.refusal('DeleteVolume', { VolumeId: volume })).toBe(
        `400 VolumeInUse: Volume ${volume} is currently attached to ${instance}`,
      )
    }
  })
})

describe('effect', () => {
  test('in eucalyptus it is shown as deleted for an hour; its disk is gone, its snapshots are not', async () => {
    const id = await makeVolume(it)
    const snapshot = await makeSnapshot(it, id)
    const release = hold(it, id)
    expect(await it.call('DeleteVolume', { VolumeId: id })).toMatchObject({ return: 'true' })
    expect(await told(it, id)).toBe('deleting')
    // A client that did not hear the answer asks again.
    expect(await it.call('DeleteVolume', { VolumeId: id })).toMatchObject({ return: 'true' })
    release()
    await it.idle()
    expect(await told(it, id)).toBe('deleted')
    await expect(it.cloud.storage.volumeLayer(id)).rejects.toThrow('has no disk')
    expect(await makeVolume(it, { SnapshotId: snapshot })).toMatch(/^vol-/)
    await it.clock.advance(60 * 60_000)
    expect(await it.refusal('DescribeVolumes', { 'VolumeId.1': id })).toMatch(/^400 InvalidVolume.NotFound/)
    await it.call('DeleteVolume', { VolumeId: await makeVolume(it) })
    await it.idle()
    expect(it.cloud.volumes.get(id)).toBeUndefined()
  })

  test('once more, and it is not shown any more', async () => {
    const VolumeId = await makeVolume(it)
    await it.call('DeleteVolume', { VolumeId })
    await it.idle()
    expect(await it.call('DeleteVolume', { VolumeId })).toMatchObject({ return: 'true' })
    expect(await it.refusal('DeleteVolume', { VolumeId })).toMatch(/^400 InvalidVolume.NotFound/)
  })

  test('in aws it vanishes', async () => {
    const VolumeId = await makeVolume(clouds.aws)
    await clouds.aws.call('DeleteVolume', { VolumeId })
    await clouds.aws.idle()
    expect(items(await clouds.aws.call('DescribeVolumes'), 'volumeSet')).toEqual([])
    expect(await clouds.aws.refusal('DeleteVolume', { VolumeId })).toMatch(/^400 InvalidVolume.NotFound/)
  })

  test('while it is being created', async () => {
    const VolumeId = theText(await it.call('CreateVolume', { AvailabilityZone: 'one', Size: '1' }), 'volumeId')
    await it.call('DeleteVolume', { VolumeId })
    await it.idle()
    expect(await told(it, VolumeId)).toBe('deleted')
    await expect(it.cloud.storage.volumeLayer(VolumeId)).rejects.toThrow('has no disk')
  })
})
