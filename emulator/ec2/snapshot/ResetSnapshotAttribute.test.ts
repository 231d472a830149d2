import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeSnapshot } from '../volume/volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)

test('shape: without an attribute', async () => {
  const sent = { SnapshotId: 'snap-12345678' }
  expect(await eucalyptus.refusal('ResetSnapshotAttribute', sent)).toBe(
    '500 InternalFailure: invalid snapshot attribute request.',
  )
  expect(await aws.refusal('ResetSnapshotAttribute', sent)).toBe(
    '400 MissingParameter: The request must contain the parameter attribute',
  )
})

describe('refusals', () => {
  test.each([
    [
      'productCodes',
      '400 InvalidParameterValue: Value (productCodes) for parameter attribute is invalid. Unknown attribute.',
    ],
    ['createVolumePermission', "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."],
  ])('%s of a snapshot that is not there', async (Attribute, refusal) => {
    for (const it of [eucalyptus, aws]) {
      expect(await it.refusal('ResetSnapshotAttribute', { SnapshotId: 'snap-12345678', Attribute })).toBe(refusal)
    }
  })
})

test('effect: nobody may make volumes from it but its owner', async () => {
  for (const it of [eucalyptus, aws]) {
    const SnapshotId = await makeSnapshot(it)
    const permissions = {
      'CreateVolumePermission.Add.1.Group': 'all',
      'CreateVolumePermission.Add.2.UserId': '000000000001',
    }
    await it.call('ModifySnapshotAttribute', { SnapshotId, ...permissions })
    expect(it.cloud.snapshots.get(SnapshotId)).toMatchObject({ public: true, permissions: ['000000000001'] })
    const sent = { SnapshotId, Attribute: 'createVolumePermission' }
    expect(await it.call('ResetSnapshotAttribute', sent)).toMatchObject({ return: 'true' })
    expect(it.cloud.snapshots.get(SnapshotId)).toMatchObject({ public: false, permissions: [] })
  }
})
