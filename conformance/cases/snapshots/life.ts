import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { runBlank } from '../../ebs-instances.ts'
import { refusal } from '../../refusal.ts'
import { deleteSnapshotLater, makeSnapshot, makeVolume, untilDeleted, untilVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 1.5, 7.1 and 7.2; EC2 API Reference, CreateSnapshot'
const base = { level: 'MUST', needs: ['ebs'], source, seconds: 6, cents: 1 } as const
const notFound = refusal('InvalidSnapshot.NotFound', 400)

/** The snapshots that an account is shown. */
const shown = async ({ ec2 }: Clients, parameters: Parameters = {}): Promise<Xml[]> =>
  list(await ec2.call('DescribeSnapshots', parameters), 'snapshotSet')

const idsOf = (snapshots: Xml[]) => snapshots.map((snapshot) => text(snapshot, 'snapshotId'))

const life: Case = defineCase({
  ...base,
  id: 'snapshots/made-and-deleted',
  title: 'a snapshot is pending, then complete with what it was made of, and gone once deleted',
  covers: ['CreateSnapshot', 'DescribeSnapshots', 'DeleteSnapshot'],
  smoke: true,
  async run(tools) {
    const { ec2, account } = tools.administrator
    const VolumeId = await makeVolume(tools, { Size: 2 })
    const Description = tools.name('description')
    const made = await ec2.call('CreateSnapshot', { VolumeId, Description })
    const id = text(made, 'snapshotId') ?? ''
    deleteSnapshotLater(tools, id)
    assert.match(id, /^snap-([0-9a-f]{8}|[0-9a-f]{17})$/)
    assert.equal(text(made, 'status'), 'pending')
    const look = async () => (await shown(tools.administrator, { SnapshotId: [id] }))[0]
    const complete = await tools.until(`${id} completed`, look, (one) => text(one, 'status') === 'completed')
    const fields = ['volumeId', 'volumeSize', 'ownerId', 'description', 'progress'].map((name) => text(complete, name))
    assert.deepEqual(fields, [VolumeId, '2', account.accountId, Description, '100%'])
    assert.equal(text(await ec2.call('DeleteSnapshot', { SnapshotId: id }), 'return'), 'true')
    await tools.refuses(shown(tools.administrator, { SnapshotId: [id] }), notFound)
    await tools.refuses(ec2.call('DeleteSnapshot', { SnapshotId: id }), notFound)
  },
})

const ids: Case = defineCase({
  ...base,
  id: 'snapshots/ids-that-name-no-snapshot',
  title: 'ids that are malformed, or of no snapshot, are refused by every operation on snapshots',
  covers: ['DescribeSnapshots', 'DeleteSnapshot', 'DescribeSnapshotAttribute', 'ResetSnapshotAttribute'],
  seconds: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const Attribute = 'createVolumePermission'
    const asked: [string, (id: string) => Parameters][] = [
      ['DescribeSnapshots', (id) => ({ SnapshotId: [id] })],
      ['DeleteSnapshot', (SnapshotId) => ({ SnapshotId })],
      ['DescribeSnapshotAttribute', (SnapshotId) => ({ SnapshotId, Attribute })],
      ['ResetSnapshotAttribute', (SnapshotId) => ({ SnapshotId, Attribute })],
    ]
    for (const [action, parameters] of asked) {
      await tools.refuses(ec2.call(action, parameters('snap-00000000')), notFound)
      await tools.refuses(ec2.call(action, parameters('snap-1')), refusal('InvalidParameterValue', 400))
    }
  },
})

const independent: Case = defineCase({
  ...base,
  id: 'snapshots/stand-on-their-own',
  title: 'a snapshot is there when its volume is deleted, and a volume when the snapshot is that it was made of',
  covers: ['CreateSnapshot', 'DeleteVolume', 'CreateVolume', 'DeleteSnapshot', 'DescribeSnapshots'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const VolumeId = await makeVolume(tools)
    const made = await makeSnapshot(tools, VolumeId)
    await ec2.call('DeleteVolume', { VolumeId })
    await untilDeleted(tools, VolumeId)
    const [left] = await shown(tools.administrator, { SnapshotId: [made] })
    assert.deepEqual([text(left, 'status'), text(left, 'volumeId')], ['completed', VolumeId])
    const copy = await makeVolume(tools, { SnapshotId: made })
    await ec2.call('DeleteSnapshot', { SnapshotId: made })
    await untilVolume(tools, copy, 'available')
    await makeSnapshot(tools, copy)
  },
})

const used: Case = defineCase({
  ...base,
  id: 'snapshots/of-a-volume-in-use',
  title: 'a volume is copied while an instance runs from it, several times at once',
  covers: ['CreateSnapshot', 'DescribeSnapshots'],
  needs: ['ebs'],
  seconds: 15,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { root } = await runBlank(tools)
    const made = await Promise.all([1, 2, 3].map(() => ec2.call('CreateSnapshot', { VolumeId: root.id })))
    const all = made.map((answer) => text(answer, 'snapshotId') ?? '')
    for (const id of all) deleteSnapshotLater(tools, id)
    assert.equal(new Set(all).size, 3)
    const look = async () => (await shown(tools.administrator, { SnapshotId: all })).map((one) => text(one, 'status'))
    await tools.until('three snapshots completed', look, (states) => states.every((state) => state === 'completed'))
  },
})

const sharing: Case = defineCase({
  ...base,
  id: 'snapshots/shared-with-an-account',
  title: 'an account that a snapshot is shared with sees it and makes volumes of it, until that is taken back',
  covers: [
    'ModifySnapshotAttribute',
    'DescribeSnapshotAttribute',
    'ResetSnapshotAttribute',
    'DescribeSnapshots',
    'CreateVolume',
    'DeleteSnapshot',
  ],
  needs: ['ebs', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools))
    const Attribute = 'createVolumePermission'
    const change = (CreateVolumePermission: Parameters) =>
      administrator.ec2.call('ModifySnapshotAttribute', { SnapshotId, CreateVolumePermission })
    const permissions = async () =>
      list(await administrator.ec2.call('DescribeSnapshotAttribute', { SnapshotId, Attribute }), Attribute).map(
        (one) => text(one, 'userId') ?? text(one, 'group'),
      )
    const UserId = user.account.accountId
    const seen = async () => idsOf(await shown(user)).includes(SnapshotId)
    const asked = { AvailabilityZone: tools.target.zone, SnapshotId }
    assert.deepEqual([await permissions(), await seen()], [[], false])
    const make = async () => {
      const VolumeId = text(await user.ec2.call('CreateVolume', asked), 'volumeId') ?? ''
      tools.later(`volume ${VolumeId}`, () => user.ec2.call('DeleteVolume', { VolumeId }))
      return VolumeId
    }
    await tools.refuses(make(), notFound)
    await change({ Add: [{ UserId }] })
    assert.deepEqual([await permissions(), await seen()], [[UserId], true])
    assert.deepEqual(idsOf(await shown(user, { SnapshotId: [SnapshotId], RestorableBy: ['self'] })), [SnapshotId])
    assert.deepEqual(idsOf(await shown(user, { SnapshotId: [SnapshotId], Owner: ['self'] })), [])
    const VolumeId = await make()
    const look = async () =>
      text(list(await user.ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), 'volumeSet')[0], 'status')
    await tools.until(`${VolumeId} available`, look, (status) => status === 'available')
    await user.ec2.call('DeleteVolume', { VolumeId })
    await tools.refuses(user.ec2.call('DeleteSnapshot', { SnapshotId }), notFound)
    await change({ Add: [{ Group: 'all' }], Remove: [{ UserId }] })
    assert.deepEqual([await permissions(), await seen()], [['all'], true])
    await administrator.ec2.call('ResetSnapshotAttribute', { SnapshotId, Attribute })
    assert.deepEqual([await permissions(), await seen()], [[], false])
    await tools.refuses(shown(user, { SnapshotId: [SnapshotId] }), notFound)
  },
})

export default [life, ids, independent, used, sharing]
