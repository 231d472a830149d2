import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { deleteLater, findVolume, makeSnapshot, makeVolume, untilDeleted, untilVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 1.5, 7.1 and 7.2; EC2 API Reference, CreateVolume and DeleteVolume'
const base = { level: 'MUST', needs: ['ebs'], source, seconds: 4, cents: 1 } as const
const notFound = refusal('InvalidVolume.NotFound', 400)

/** Asks for a volume; it is deleted after the case, also when it should have been refused. */
async function createVolume(tools: Tools, parameters: Parameters): Promise<void> {
  const id = text(await tools.administrator.ec2.call('CreateVolume', parameters), 'volumeId')
  if (id) deleteLater(tools, id)
}

const life: Case = defineCase({
  ...base,
  id: 'volumes/made-and-deleted',
  title: 'a volume is creating, then available with the size and zone that were asked for, and gone once deleted',
  covers: ['CreateVolume', 'DescribeVolumes', 'DeleteVolume'],
  smoke: true,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { zone } = tools.target
    const made = await ec2.call('CreateVolume', { AvailabilityZone: zone, Size: 2 })
    const id = text(made, 'volumeId') ?? ''
    deleteLater(tools, id)
    assert.match(id, /^vol-([0-9a-f]{8}|[0-9a-f]{17})$/)
    const shape = ['size', 'availabilityZone', 'snapshotId'].map((name) => text(made, name) ?? '')
    assert.deepEqual([text(made, 'status'), ...shape], ['creating', '2', zone, ''])
    const volume = await untilVolume(tools, id, 'available')
    assert.deepEqual([text(volume, 'size'), text(volume, 'availabilityZone')], ['2', zone])
    if (tools.target.fidelity === 'eucalyptus') assert.equal(text(volume, 'volumeType'), 'standard')
    assert.equal(text(await ec2.call('DeleteVolume', { VolumeId: id }), 'return'), 'true')
    await untilDeleted(tools, id)
  },
})

const limits: Case = defineCase({
  ...base,
  id: 'volumes/parameters-have-limits',
  title: 'a volume without size and snapshot, of no size, of too much, or in no zone is refused',
  covers: ['CreateVolume'],
  seconds: 1,
  async run(tools) {
    const { zone: AvailabilityZone } = tools.target
    const failure = (aws: string) => ({ eucalyptus: refusal('InternalFailure', 500), aws: refusal(aws, 400) })
    const make = (parameters: Parameters) => createVolume(tools, { AvailabilityZone, ...parameters })
    await tools.refuses(make({}), failure('MissingParameter'))
    for (const Size of [0, -1]) await tools.refuses(make({ Size }), failure('InvalidParameterValue'))
    await tools.refuses(make({ Size: 1, AvailabilityZone: 'nowhere' }), {
      eucalyptus: refusal('InvalidZone.NotFound', 400, /The zone 'nowhere' does not exist/),
      aws: refusal('InvalidParameterValue', 400),
    })
    await tools.refuses(make({ Size: 20_000 }), {
      eucalyptus: refusal('VolumeLimitExceeded', 400),
      aws: refusal('InvalidParameterValue', 400),
    })
    await tools.refuses(make({ SnapshotId: 'snap-00000000' }), refusal('InvalidSnapshot.NotFound', 400))
  },
})

const ids: Case = defineCase({
  ...base,
  id: 'volumes/ids-that-name-no-volume',
  title: 'ids that are malformed, or of no volume, are refused by every operation on volumes',
  covers: ['DescribeVolumes', 'DeleteVolume', 'DetachVolume', 'CreateSnapshot'],
  seconds: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const malformed = refusal('InvalidParameterValue', 400, /vol-1/)
    const asked: [string, (id: string) => object][] = [
      ['DescribeVolumes', (id) => ({ VolumeId: [id] })],
      ['DeleteVolume', (VolumeId) => ({ VolumeId })],
      ['DetachVolume', (VolumeId) => ({ VolumeId })],
      ['CreateSnapshot', (VolumeId) => ({ VolumeId })],
    ]
    for (const [action, parameters] of asked) {
      await tools.refuses(ec2.call(action, { ...parameters('vol-00000000') }), notFound)
      await tools.refuses(ec2.call(action, { ...parameters('vol-1') }), malformed)
    }
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'volumes/belong-to-an-account',
  title: "another account's volume is neither seen, nor deleted, nor copied",
  covers: ['DescribeVolumes', 'DeleteVolume', 'CreateSnapshot', 'DetachVolume'],
  needs: ['ebs', 'two-accounts'],
  async run(tools) {
    const { ec2 } = tools.user
    const VolumeId = await makeVolume(tools)
    await tools.refuses(ec2.call('DescribeVolumes', { VolumeId: [VolumeId] }), notFound)
    const all = JSON.stringify(await ec2.call('DescribeVolumes'))
    assert.ok(!all.includes(VolumeId), 'the volume is listed')
    for (const action of ['DeleteVolume', 'CreateSnapshot', 'DetachVolume']) {
      const asked = ec2.call(action, { VolumeId }).then((answer) => {
        const SnapshotId = text(answer, 'snapshotId')
        if (SnapshotId) tools.later(`snapshot ${SnapshotId}`, () => ec2.call('DeleteSnapshot', { SnapshotId }))
      })
      await tools.refuses(asked, notFound)
    }
    assert.equal(text(await findVolume(tools, VolumeId), 'status'), 'available')
  },
})

const copies: Case = defineCase({
  ...base,
  id: 'volumes/made-of-a-snapshot',
  title: 'a volume of a snapshot has its size or a bigger one, names it, and is refused a smaller one',
  covers: ['CreateVolume', 'CreateSnapshot', 'DescribeVolumes'],
  async run(tools) {
    const SnapshotId = await makeSnapshot(tools, await makeVolume(tools, { Size: 2 }))
    const shown = async (parameters: object) => {
      const volume = await findVolume(tools, await makeVolume(tools, { SnapshotId, ...parameters }))
      return ['size', 'snapshotId'].map((name) => text(volume, name))
    }
    assert.deepEqual(await shown({}), ['2', SnapshotId])
    assert.deepEqual(await shown({ Size: 3 }), ['3', SnapshotId])
    const smaller = createVolume(tools, { AvailabilityZone: tools.target.zone, SnapshotId, Size: 1 })
    await tools.refuses(smaller, {
      eucalyptus: refusal('InternalFailure', 500),
      aws: refusal('InvalidParameterValue', 400),
    })
  },
})

const tokens: Case = defineCase({
  ...base,
  id: 'volumes/client-token',
  title: 'a client token that was used before answers with the volume that it made then',
  level: 'SHOULD',
  covers: ['CreateVolume'],
  async run(tools) {
    const asked = { Size: 1, ClientToken: tools.name('token') }
    const first = await makeVolume(tools, asked)
    const { ec2 } = tools.administrator
    const again = await ec2.call('CreateVolume', { AvailabilityZone: tools.target.zone, ...asked })
    const id = text(again, 'volumeId') ?? ''
    if (id !== first) deleteLater(tools, id)
    assert.equal(id, first)
  },
})

const attributes: Case = defineCase({
  ...base,
  id: 'volumes/attributes',
  title: 'a volume says whether its input is enabled by itself, which AWS lets its owner change',
  covers: ['DescribeVolumeAttribute', 'ModifyVolumeAttribute'],
  source: 'VolumeManager and ComputeService of Eucalyptus; EC2 API Reference, ModifyVolumeAttribute',
  async run(tools) {
    const { ec2 } = tools.administrator
    const VolumeId = await makeVolume(tools)
    const read = async () =>
      text(await ec2.call('DescribeVolumeAttribute', { VolumeId, Attribute: 'autoEnableIO' }), 'autoEnableIO', 'value')
    assert.equal(await read(), 'false')
    const modified = await ec2.call('ModifyVolumeAttribute', { VolumeId, AutoEnableIO: { Value: true } })
    assert.equal(text(modified, 'return'), 'true')
    // Eucalyptus remembers nothing of it.
    assert.equal(await read(), tools.of({ eucalyptus: 'false', aws: 'true' }))
    await tools.refuses(ec2.call('DescribeVolumeAttribute', { VolumeId }), refusal('InvalidParameterCombination', 400))
  },
})

export default [life, limits, ids, owners, copies, tokens, attributes]
