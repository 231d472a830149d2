import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, theText } from '../../cloud.harness.ts'
import { hold, makeSnapshot, makeVolume, registerEbs, told } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

test('shape: without a snapshot', async () =>
  expect(await it.refusal('DeleteSnapshot')).toBe(
    '400 MissingParameter: The request must contain the parameter SnapshotId',
  ))

describe('refusals', () => {
  test.each([
    ['snap-1', "400 InvalidParameterValue: Value (snap-1) for parameter snapshotId is invalid. Expected: 'snap-...'."],
    ['snap-12345678', "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."],
  ])('%s', async (SnapshotId, refusal) => {
    for (const cloud of [clouds.eucalyptus, clouds.aws]) {
      expect(await cloud.refusal('DeleteSnapshot', { SnapshotId })).toBe(refusal)
    }
  })

  test("another account's", async () => {
    const SnapshotId = await makeSnapshot(it)
    expect(await it.refusal('DeleteSnapshot', { SnapshotId }, await it.account('stranger'))).toBe(
      `400 InvalidSnapshot.NotFound: The snapshot '${SnapshotId}' does not exist.`,
    )
  })

  test.each([
    ['eucalyptus', (id: string) => `400 InvalidSnapshot.InUse: Snapshot ${id} is in use, deletion not permitted`],
    [
      'aws',
      (id: string, image: string) => `400 InvalidSnapshot.InUse: The snapshot ${id} is currently in use by ${image}`,
    ],
  ] as const)('one of an image, as root or data, until that is deregistered, in %s', async (fidelity, refusal) => {
    const cloud = clouds[fidelity]
    const [root, data] = [await makeSnapshot(cloud), await makeSnapshot(cloud)]
    const ImageId = await registerEbs(cloud, {
      'BlockDeviceMapping.1.Ebs.SnapshotId': root,
      'BlockDeviceMapping.2.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.2.Ebs.SnapshotId': data,
    })
    for (const SnapshotId of [root, data]) {
      expect(await cloud.refusal('DeleteSnapshot', { SnapshotId })).toBe(refusal(SnapshotId, ImageId))
    }
    await cloud.call('DeregisterImage', { ImageId })
    expect(await cloud.call('DeleteSnapshot', { SnapshotId: root })).toMatchObject({ return: 'true' })
    await cloud.idle()
  })

  test('in aws one that is pending; in eucalyptus that is no fault', async () => {
    for (const [fidelity, answer] of [
      ['eucalyptus', { return: 'false' }],
      ['aws', undefined],
    ] as const) {
      const cloud = clouds[fidelity]
      const VolumeId = await makeVolume(cloud)
      const release = hold(cloud, VolumeId)
      const SnapshotId = theText(await cloud.call('CreateSnapshot', { VolumeId }), 'snapshotId')
      if (answer) expect(await cloud.call('DeleteSnapshot', { SnapshotId })).toMatchObject(answer)
      else expect(await cloud.refusal('DeleteSnapshot', { SnapshotId })).toMatch(/^400 IncorrectState: /)
      release()
      await cloud.idle()
      expect(cloud.cloud.snapshots.get(SnapshotId)?.state).toBe('completed')
    }
  })
})

describe('effect', () => {
  test('it is gone; volumes made from it stay usable', async () => {
    const SnapshotId = await makeSnapshot(it)
    const volume = await makeVolume(it, { SnapshotId })
    expect(await it.call('DeleteSnapshot', { SnapshotId })).toMatchObject({ return: 'true' })
    await it.idle()
    expect(await it.refusal('DescribeSnapshots', { 'SnapshotId.1': SnapshotId })).toMatch(/NotFound/)
    expect(await told(it, volume)).toBe('available')
    expect(await it.cloud.storage.volumeLayer(volume)).toMatchObject({ backing: { format: 'qcow2' } })
    expect((await it.cloud.storage.usage()).snapshots).toBe(it.cloud.snapshots.list().length)
  })
})
