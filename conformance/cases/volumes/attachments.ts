import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { mappedVolumes, registerBlankSnapshot, runBlank, runFromVolumes, stopInstance } from '../../ebs-instances.ts'
import { endInstance, findInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, detachVolume, findVolume, makeVolume, untilVolume } from '../../volumes.ts'

const source =
  'eucalyptus-behaviour.md sections 1.5, 5.4 and 7.2, and BDM 9, 12 and 14 of section 15; EC2 API Reference, AttachVolume'
const base = {
  level: 'MUST',
  needs: ['ebs'],
  source,
  seconds: 15,
  cents: 1,
} as const
const inUse = refusal('VolumeInUse', 400)
const device = '/dev/sdf'

const statusOf = async (tools: Tools, id: string) => {
  const volume = await findVolume(tools, id)
  const [attachment] = list(volume, 'attachmentSet')
  return [text(volume, 'status'), text(attachment, 'status'), text(attachment, 'instanceId')]
}

const running: Case = defineCase({
  ...base,
  id: 'volumes/attached-to-a-running-instance',
  title: 'a volume is in use from the moment it is attached, belongs to one instance only, and outlives it',
  covers: ['AttachVolume', 'DescribeVolumes', 'DescribeInstances', 'TerminateInstances', 'DeleteVolume'],
  smoke: true,
  async run(tools) {
    const { ec2 } = tools.administrator
    const volume = await makeVolume(tools)
    const image = await registerBlankSnapshot(tools)
    const { id, root } = await runFromVolumes(tools, image)
    const another = await runFromVolumes(tools, image)
    const asked = { VolumeId: volume, InstanceId: id, Device: device }
    const answer = await ec2.call('AttachVolume', asked)
    const said = ['volumeId', 'instanceId', 'device', 'status'].map((name) => text(answer, name))
    assert.deepEqual(said, [volume, id, device, 'attaching'])
    assert.equal((await statusOf(tools, volume))[0], 'in-use')
    await tools.until(
      `${volume} attached`,
      () => statusOf(tools, volume),
      ([, status]) => status === 'attached',
    )
    const mapped = mappedVolumes(await findInstance(tools.administrator, id)).map((one) => [one.device, one.id])
    assert.deepEqual(mapped, [
      [root.device, root.id],
      [device, volume],
    ])
    await tools.refuses(ec2.call('AttachVolume', { ...asked, Device: '/dev/sdg' }), inUse)
    await tools.refuses(ec2.call('AttachVolume', { ...asked, InstanceId: another.id }), inUse)
    await tools.refuses(ec2.call('DeleteVolume', { VolumeId: volume }), inUse)
    await endInstance(tools, id)
    await untilVolume(tools, volume, 'available')
    assert.deepEqual(await statusOf(tools, volume), ['available', undefined, undefined])
  },
})

const stopped: Case = defineCase({
  ...base,
  id: 'volumes/attached-to-a-stopped-instance',
  title: 'a stopped instance is given volumes and rid of them; it starts with what it has, and its end frees them',
  covers: ['AttachVolume', 'DetachVolume', 'StopInstances', 'StartInstances', 'DeleteVolume'],
  seconds: 30,
  async run(tools) {
    const { ec2 } = tools.administrator
    const [volume, other] = [await makeVolume(tools), await makeVolume(tools)]
    const { id, root } = await runBlank(tools)
    await stopInstance(tools, id)
    await attachVolume(tools, volume, id, device)
    await attachVolume(tools, other, id, '/dev/sdg')
    await tools.refuses(ec2.call('DeleteVolume', { VolumeId: volume }), inUse)
    const detaching = await ec2.call('DetachVolume', { VolumeId: other })
    assert.equal(text(detaching, 'status'), 'detaching')
    await untilVolume(tools, other, 'available')
    await ec2.call('StartInstances', { InstanceId: [id] })
    const devices = mappedVolumes(await untilRunning(tools, id))
    assert.deepEqual(
      devices.map((one) => [one.id, one.deleteOnTermination]),
      [
        [root.id, true],
        [volume, false],
      ],
    )
    assert.deepEqual(await statusOf(tools, volume), ['in-use', 'attached', id])
    await stopInstance(tools, id)
    assert.deepEqual(await statusOf(tools, volume), ['in-use', 'attached', id])
    await endInstance(tools, id)
    await untilVolume(tools, volume, 'available')
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'volumes/attachments-that-cannot-be',
  title: 'a device that is none or taken, an instance that has ended, and what is not attached are refused',
  covers: ['AttachVolume', 'DetachVolume'],
  seconds: 20,
  async run(tools) {
    const { ec2 } = tools.administrator
    const [volume, other] = [await makeVolume(tools), await makeVolume(tools)]
    const [{ id, root }, ended] = [await runBlank(tools), await runBlank(tools)]
    await endInstance(tools, ended.id)
    const attach = (parameters: object) =>
      ec2.call('AttachVolume', { VolumeId: volume, InstanceId: id, Device: device, ...parameters })
    const detach = (parameters: object) => ec2.call('DetachVolume', { VolumeId: volume, ...parameters })
    const invalid = refusal('InvalidParameterValue', 400)
    const state = refusal('IncorrectState', 400)
    for (const Device of ['/', 'a device', '/dev/sdf-and-more']) await tools.refuses(attach({ Device }), invalid)
    await tools.refuses(attach({ InstanceId: ended.id }), {
      eucalyptus: refusal('IncorrectState', 400, /is not 'running'/),
      aws: state,
    })
    await tools.refuses(attach({ InstanceId: 'i-00000000' }), refusal('InvalidInstanceID.NotFound', 400))
    await tools.refuses(attach({ VolumeId: 'vol-00000000' }), refusal('InvalidVolume.NotFound', 400))
    await tools.refuses(detach({}), state)
    await stopInstance(tools, id)
    await attachVolume(tools, volume, id, device)
    const taken = {
      eucalyptus: refusal('InvalidParameterValue', 400, /Already have a device attached to/),
      aws: invalid,
    }
    // What a name without /dev/ means to AWS it does not say.
    const names = [device, root.device, ...tools.of({ eucalyptus: ['sdf'], aws: [] })]
    for (const Device of names) await tools.refuses(attach({ VolumeId: other, Device }), taken)
    await tools.refuses(detach({ InstanceId: ended.id }), refusal('InvalidAttachment.NotFound', 400))
    await tools.refuses(detach({ Device: '/dev/sdg' }), {
      eucalyptus: refusal('InternalFailure', 500),
      aws: refusal('InvalidAttachment.NotFound', 400),
    })
    assert.deepEqual(await statusOf(tools, volume), ['in-use', 'attached', id])
    await detachVolume(tools, volume)
  },
})

const roots: Case = defineCase({
  ...base,
  id: 'volumes/root-is-detached-while-stopped',
  title: 'the root of an instance is detached while that is stopped only, and can be replaced by another volume',
  covers: ['DetachVolume', 'AttachVolume', 'StartInstances', 'StopInstances'],
  source: 'eucalyptus-behaviour.md sections 5.4 (start with root detached) and 7.2; EC2 API Reference, DetachVolume',
  seconds: 30,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id, root, SnapshotId } = await runBlank(tools)
    await tools.refuses(ec2.call('DetachVolume', { VolumeId: root.id }), {
      eucalyptus: refusal('IncorrectState', 400),
      aws: refusal('OperationNotPermitted', 400),
    })
    await stopInstance(tools, id)
    await detachVolume(tools, root.id)
    const replacement = await makeVolume(tools, { SnapshotId })
    await attachVolume(tools, replacement, id, root.device)
    await ec2.call('StartInstances', { InstanceId: [id] })
    const mapped = mappedVolumes(await untilRunning(tools, id))
    assert.deepEqual(
      mapped.map((one) => one.id),
      [replacement],
    )
    await endInstance(tools, id)
    await untilVolume(tools, replacement, 'available')
  },
})

export default [running, stopped, refusals, roots]
