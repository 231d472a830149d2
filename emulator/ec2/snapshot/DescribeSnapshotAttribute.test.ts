import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { makeSnapshot } from '../volume/volume.harness.ts'

const { close, eucalyptus, aws } = await bothClouds()
afterAll(close)
const SnapshotId = { eucalyptus: await makeSnapshot(eucalyptus), aws: await makeSnapshot(aws) }

test('shape: without an attribute, which eucalyptus does not need', async () => {
  expect(await eucalyptus.call('DescribeSnapshotAttribute', { SnapshotId: SnapshotId.eucalyptus })).toMatchObject({
    snapshotId: SnapshotId.eucalyptus,
    createVolumePermission: '',
    productCodes: '',
  })
  expect(await aws.refusal('DescribeSnapshotAttribute', { SnapshotId: SnapshotId.aws })).toBe(
    '400 MissingParameter: The request must contain the parameter attribute',
  )
})

describe('refusals', () => {
  test.each([
    ['snap-1', "400 InvalidParameterValue: Value (snap-1) for parameter snapshotId is invalid. Expected: 'snap-...'."],
    ['snap-12345678', "400 InvalidSnapshot.NotFound: The snapshot 'snap-12345678' does not exist."],
  ])('%s', async (id, refusal) => {
    const sent = { SnapshotId: id, Attribute: 'createVolumePermission' }
    expect(await eucalyptus.refusal('DescribeSnapshotAttribute', sent)).toBe(refusal)
    expect(await aws.refusal('DescribeSnapshotAttribute', sent)).toBe(refusal)
  })

  test('another attribute, in aws', async () =>
    expect(await aws.refusal('DescribeSnapshotAttribute', { SnapshotId: SnapshotId.aws, Attribute: 'colour' })).toBe(
      '400 InvalidParameterValue: Value (colour) for parameter attribute is invalid. Unknown attribute.',
    ))

  test('one that is shared is still its owner’s to ask about', async () => {
    const alice = await eucalyptus.account('alice')
    await eucalyptus.call('ModifySnapshotAttribute', {
      SnapshotId: SnapshotId.eucalyptus,
      'CreateVolumePermission.Add.1.UserId': alice.accountId,
    })
    expect(await eucalyptus.refusal('DescribeSnapshotAttribute', { SnapshotId: SnapshotId.eucalyptus }, alice)).toMatch(
      /^400 InvalidSnapshot.NotFound: /,
    )
  })
})

test('effect: in aws one attribute at a time', async () => {
  const sent = { SnapshotId: SnapshotId.aws, 'CreateVolumePermission.Add.1.Group': 'all' }
  await aws.call('ModifySnapshotAttribute', sent)
  const read = (Attribute: string) => aws.call('DescribeSnapshotAttribute', { SnapshotId: SnapshotId.aws, Attribute })
  const permissions = await read('createVolumePermission')
  expect(permissions).toMatchObject({ createVolumePermission: [{ group: 'all' }] })
  expect(permissions).not.toHaveProperty('productCodes')
  expect(await read('productCodes')).toMatchObject({ productCodes: '' })
})
