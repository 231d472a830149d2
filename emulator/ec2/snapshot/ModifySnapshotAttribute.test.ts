import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { makeSnapshot, makeVolume } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const fidelities = ['eucalyptus', 'aws'] as const

test('shape: without anything to change, in aws', async () =>
  expect(await aws.refusal('ModifySnapshotAttribute', { SnapshotId: 'snap-12345678' })).toBe(
    '400 MissingParameter: The request must contain the parameter createVolumePermission',
  ))

describe('refusals', () => {
  test('an account that is none', async () => {
    const sent = async (it: TestCloud) => ({
      SnapshotId: await makeSnapshot(it),
      'CreateVolumePermission.Add.1.UserId': 'alice',
    })
    expect(await eucalyptus.refusal('ModifySnapshotAttribute', await sent(eucalyptus))).toBe(
      '500 InternalFailure: Not a valid userId : alice',
    )
    expect(await aws.refusal('ModifySnapshotAttribute', await sent(aws))).toMatch(/^400 InvalidAMIAttributeItemValue: /)
  })

  test('another attribute, in aws', async () =>
    expect(await aws.refusal('ModifySnapshotAttribute', { SnapshotId: 'snap-12345678', Attribute: 'colour' })).toBe(
      '400 InvalidParameterValue: Value (colour) for parameter attribute is invalid. Unknown attribute.',
    ))

  test.each(fidelities)("another account's, in %s", async (fidelity) => {
    const it = clouds[fidelity]
    const sent = { SnapshotId: await makeSnapshot(it), 'CreateVolumePermission.Add.1.Group': 'all' }
    expect(await it.refusal('ModifySnapshotAttribute', sent, await it.account('stranger'))).toMatch(
      /^400 InvalidSnapshot.NotFound: /,
    )
  })

  test('one that has failed: false in eucalyptus, a fault in aws', async () => {
    for (const it of [eucalyptus, aws]) {
      const SnapshotId = await makeSnapshot(it)
      await it.cloud.store.change((draft) => {
        const snapshots = it.cloud.snapshots.in(draft)
        snapshots.put({ ...snapshots.get(SnapshotId)!, state: 'failed' })
      })
      const sent = { SnapshotId, 'CreateVolumePermission.Add.1.Group': 'all' }
      if (it === aws) expect(await it.refusal('ModifySnapshotAttribute', sent)).toMatch(/^400 IncorrectState: /)
      else expect(await it.call('ModifySnapshotAttribute', sent)).toMatchObject({ return: 'false' })
    }
  })
})

describe.each(fidelities)('effect in %s', (fidelity) => {
  const it = clouds[fidelity]

  test('who is named sees it and makes volumes from it, until that is taken back', async () => {
    const [friend, stranger] = [await it.account('friend'), await it.account('another')]
    const SnapshotId = await makeSnapshot(it)
    const restore = (as = friend) => makeVolume(it, { SnapshotId }, as)
    const seen = async (parameters: Record<string, string> = {}, as = friend) =>
      items(await it.call('DescribeSnapshots', parameters, as), 'snapshotSet').map((one) => theText(one, 'snapshotId'))
    expect(await seen()).toEqual([])
    await it.call('ModifySnapshotAttribute', {
      SnapshotId,
      'CreateVolumePermission.Add.1.UserId': friend.accountId,
      'CreateVolumePermission.Add.2.UserId': '000000000001',
      'CreateVolumePermission.Remove.1.UserId': '000000000001',
    })
    expect(it.cloud.snapshots.get(SnapshotId)?.permissions).toEqual([friend.accountId])
    expect(await seen()).toEqual([SnapshotId])
    expect(await seen({ 'SnapshotId.1': SnapshotId, 'RestorableBy.1': 'self' })).toEqual([SnapshotId])
    expect(await seen({ 'RestorableBy.1': 'all' })).toEqual([])
    expect(await seen({ 'Owner.1': 'self' })).toEqual([])
    expect(await seen({ 'RestorableBy.1': friend.accountId }, it.administrator)).toEqual([SnapshotId])
    expect(it.cloud.volumes.get(await restore())?.ownerId).toBe(friend.accountId)
    await expect(restore(stranger)).rejects.toThrow('does not exist')
    expect(await it.refusal('DeleteSnapshot', { SnapshotId }, friend)).toMatch(/^400 InvalidSnapshot.NotFound/)
    await it.call('ModifySnapshotAttribute', {
      SnapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'remove',
      'UserId.1': friend.accountId,
    })
    expect(await seen()).toEqual([])
    await expect(restore()).rejects.toThrow('does not exist')
  })

  test('everybody, and nobody again', async () => {
    const SnapshotId = await makeSnapshot(it)
    const somebody = await it.account('somebody')
    const change = (what: string) =>
      it.call('ModifySnapshotAttribute', { SnapshotId, [`CreateVolumePermission.${what}.1.Group`]: 'all' })
    const seen = async () =>
      items(await it.call('DescribeSnapshots', { 'RestorableBy.1': 'all' }, somebody), 'snapshotSet')
    await change('Add')
    expect((await seen()).map((one) => theText(one, 'snapshotId'))).toEqual([SnapshotId])
    await change('Remove')
    expect(await seen()).toEqual([])
  })

  test('a launch maps what is shared', async () => {
    const user = await it.account('launcher')
    const SnapshotId = await makeSnapshot(it)
    const root = await makeSnapshot(it, undefined, user)
    const mine = {
      Name: 'mine',
      RootDeviceName: '/dev/sda',
      'BlockDeviceMapping.1.DeviceName': '/dev/sda',
      'BlockDeviceMapping.1.Ebs.SnapshotId': root,
    }
    const ImageId = theText(await it.call('RegisterImage', mine, user), 'imageId')
    const more = { 'BlockDeviceMapping.1.DeviceName': '/dev/sdb', 'BlockDeviceMapping.1.Ebs.SnapshotId': SnapshotId }
    const launch = { ImageId, MinCount: '1', MaxCount: '1', ...more }
    expect(await it.refusal('RunInstances', launch, user)).toMatch(/Unable to find snapshot/)
    await it.call('ModifySnapshotAttribute', { SnapshotId, 'CreateVolumePermission.Add.1.UserId': user.accountId })
    await it.call('RunInstances', launch, user)
    await it.idle()
    expect(it.cloud.volumes.list().filter(({ snapshotId }) => snapshotId === SnapshotId)).toHaveLength(1)
  })
})

test('product codes, in eucalyptus', async () => {
  const SnapshotId = await makeSnapshot(eucalyptus)
  await eucalyptus.call('ModifySnapshotAttribute', { SnapshotId, 'ProductCode.1': 'code' })
  expect(await eucalyptus.call('DescribeSnapshotAttribute', { SnapshotId })).toMatchObject({
    productCodes: [{ productCode: 'code' }],
  })
})
