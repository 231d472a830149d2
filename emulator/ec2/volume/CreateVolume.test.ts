import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, theText } from '../../cloud.harness.ts'
import { hold, makeSnapshot, makeVolume, told } from './volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const zone = { AvailabilityZone: 'one' }

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter AvailabilityZone'],
    [{ ...zone, Size: 'big' }, '400 400 Bad Request: Failed to bind the following fields:\nSize = big'],
    [{ ...zone, Size: '1', Colour: 'red' }, '400 400 Bad Request: Failed to bind the following fields:\nColour'],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('CreateVolume', parameters)).toBe(refusal))
})

describe('refusals', () => {
  const same = (sentence: string): [string, string] => [sentence, sentence]
  test.each<[string, Record<string, string>, string, string]>([
    [
      'another zone',
      { AvailabilityZone: 'two', Size: '1' },
      "400 InvalidZone.NotFound: The zone 'two' does not exist.",
      '400 InvalidParameterValue: Invalid availability zone: [two]',
    ],
    [
      'neither size nor snapshot',
      {},
      '500 InternalFailure: One of size or snapshotId is required',
      '400 MissingParameter: The request must contain the parameter size/snapshot',
    ],
    [
      'no size to speak of',
      { Size: '0' },
      '500 InternalFailure: Value (0) for parameter size is invalid.',
      '400 InvalidParameterValue: Value (0) for parameter size is invalid.',
    ],
    [
      'a malformed snapshot',
      { SnapshotId: 'vol-12345678' },
      ...same(
        "400 InvalidParameterValue: Value (vol-12345678) for parameter snapshotId is invalid. Expected: 'snap-...'.",
      ),
    ],
    [
      'a snapshot that is not there',
      { SnapshotId: 'snap-12345678' },
      ...same("400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."),
    ],
    [
      'a volume beyond the limit',
      { Size: '16385' },
      '400 VolumeLimitExceeded: Max Volume Size Limit Exceeded',
      '400 InvalidParameterValue: The volume is too large; the maximum is 16384 GiB.',
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    for (const [cloud, refusal] of [
      [clouds.eucalyptus, inEucalyptus],
      [clouds.aws, inAws],
    ] as const) {
      const before = cloud.cloud.volumes.list().length
      expect(await cloud.refusal('CreateVolume', { ...zone, ...parameters })).toBe(refusal)
      expect(cloud.cloud.volumes.list()).toHaveLength(before)
    }
  })

  test('smaller than its snapshot', async () => {
    for (const [cloud, refusal] of [
      [clouds.eucalyptus, '500 InternalFailure: Volume size cannot be less than snapshot size'],
      [clouds.aws, '400 InvalidParameterValue: Volume size cannot be less than snapshot size'],
    ] as const) {
      const SnapshotId = await makeSnapshot(cloud, await makeVolume(cloud, { Size: '2' }))
      expect(await cloud.refusal('CreateVolume', { ...zone, SnapshotId, Size: '1' })).toBe(refusal)
    }
  })

  test('a snapshot that is not done, and one of another account', async () => {
    const VolumeId = await makeVolume(it)
    const release = hold(it, VolumeId)
    const SnapshotId = theText(await it.call('CreateSnapshot', { VolumeId }), 'snapshotId')
    expect(await it.refusal('CreateVolume', { ...zone, SnapshotId })).toBe(
      `500 InternalFailure: Snapshot ${SnapshotId} does not exist or is unavailable`,
    )
    const stranger = await it.account('stranger')
    expect(await it.refusal('CreateVolume', { ...zone, SnapshotId }, stranger)).toBe(
      `400 InvalidSnapshot.NotFound: The snapshot '${SnapshotId}' does not exist.`,
    )
    release()
    await it.idle()
  })

  test('in eucalyptus all volumes together have a limit, from which those that are deleted do not take', async () => {
    const full = await freshCloud()
    const ids = []
    for (const Size of ['100', '100', '100', '100', '99']) ids.push(await makeVolume(full, { Size }))
    expect(await full.refusal('CreateVolume', { ...zone, Size: '2' })).toBe(
      '400 VolumeLimitExceeded: Total Volume Size Limit Exceeded',
    )
    await full.call('DeleteVolume', { VolumeId: ids[0] ?? '' })
    await full.idle()
    expect(await makeVolume(full, { Size: '100' })).toMatch(/^vol-/)
  })
})

describe('effect', () => {
  test('an empty volume is being created, then available, and has a disk of its size', async () => {
    const answer = await it.call('CreateVolume', { ...zone, Size: '3', VolumeType: 'io1', Iops: '100' })
    const id = theText(answer, 'volumeId')
    expect(answer).toMatchObject({
      volumeId: expect.stringMatching(/^vol-[0-9a-f]{8}$/),
      size: '3',
      snapshotId: '',
      availabilityZone: 'one',
      status: 'creating',
      createTime: '2026-01-01T00:00:00.000Z',
      volumeType: 'standard',
    })
    await it.idle()
    expect(await told(it, id)).toBe('available')
    expect(await it.cloud.storage.volumeLayer(id)).toMatchObject({ format: 'qcow2', backing: null })
  })

  test('in aws it has the type that was asked for', async () => {
    const answer = await clouds.aws.call('CreateVolume', { ...zone, Size: '1', VolumeType: 'io1' })
    expect(answer).toMatchObject({ volumeId: expect.stringMatching(/^vol-[0-9a-f]{17}$/), volumeType: 'io1' })
    expect(await clouds.aws.call('CreateVolume', { ...zone, Size: '1' })).toMatchObject({ volumeType: 'gp2' })
    await clouds.aws.idle()
  })

  test.each([
    [{}, 1],
    [{ Size: '2' }, 2],
  ])('from a snapshot, %j', async (parameters, size) => {
    const SnapshotId = await makeSnapshot(it)
    const id = await makeVolume(it, { SnapshotId, ...parameters })
    expect(it.cloud.volumes.get(id)).toMatchObject({ snapshotId: SnapshotId, size, made: true, state: 'available' })
    expect(await it.cloud.storage.volumeLayer(id)).toMatchObject({ backing: { format: 'qcow2' } })
  })

  test('a client token makes one volume', async () => {
    const parameters = { ...zone, Size: '1', ClientToken: 'again' }
    const answers = await Promise.all([1, 2, 3].map(() => it.call('CreateVolume', parameters)))
    expect(new Set(answers.map((answer) => theText(answer, 'volumeId'))).size).toBe(1)
    await it.idle()
  })

  test('one whose disk cannot be made has failed, and may be deleted', async () => {
    const broken = await freshCloud()
    vi.spyOn(console, 'error').mockImplementationOnce(() => undefined)
    vi.spyOn(broken.cloud.storage, 'createVolume').mockRejectedValueOnce(new Error('no space left'))
    const id = await makeVolume(broken)
    expect(await told(broken, id)).toBe('error')
    expect(console.error).toHaveBeenCalledWith(`create ${id}:`, new Error('no space left'))
    expect(await broken.call('DeleteVolume', { VolumeId: id })).toMatchObject({ return: 'true' })
    expect(broken.cloud.volumes.get(id)).toBeUndefined()
  })
})
