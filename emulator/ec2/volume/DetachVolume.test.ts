import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, freshCloud, type TestCloud } from '../../cloud.harness.ts'
import { attach, hold, makeVolume, registerEbs, stoppedInstance, told } from './volume.harness.ts'
import { driveIdOf } from './volume.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

/** A volume that is attached to a running instance as /dev/sdf. */
async function attached(cloud: TestCloud): Promise<{ id: string; volume: string }> {
  const id = await cloud.run()
  const volume = await makeVolume(cloud)
  await attach(cloud, volume, id)
  return { id, volume }
}
const used = { eucalyptus: await attached(clouds.eucalyptus), aws: await attached(clouds.aws) }

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter VolumeId'],
    [
      { VolumeId: 'vol-12345678', Force: 'perhaps' },
      '400 400 Bad Request: Failed to bind the following fields:\nForce = perhaps',
    ],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('DetachVolume', parameters)).toBe(refusal))
})

describe('refusals', () => {
  const fidelities = ['eucalyptus', 'aws'] as const
  test.each<[string, Record<string, string>, string, string?]>([
    ['a volume that is not there', { VolumeId: 'vol-12345678' }, 'InvalidVolume.NotFound'],
    ['a malformed volume', { VolumeId: 'sdf' }, 'InvalidParameterValue'],
    ['another instance', { InstanceId: 'i-12345678' }, 'InvalidAttachment.NotFound'],
    ['another device', { Device: '/dev/sdg' }, '500 InternalFailure', 'InvalidAttachment.NotFound'],
  ])('%s', async (_title, parameters, code, inAws = code) => {
    for (const fidelity of fidelities) {
      const refusal = clouds[fidelity].refusal('DetachVolume', { VolumeId: used[fidelity].volume, ...parameters })
      expect(await refusal).toContain(`${fidelity === 'aws' ? inAws : code}: `)
    }
  })

  test('one that is not attached', async () => {
    const VolumeId = await makeVolume(it)
    expect(await it.refusal('DetachVolume', { VolumeId })).toBe(
      `400 IncorrectState: Volume '${VolumeId}' is in the 'available' state.`,
    )
  })

  test('one that is coming or going', async () => {
    const { id } = used.eucalyptus
    const VolumeId = await makeVolume(it)
    const underWay = (state: string) =>
      `500 InternalFailure: Failed to detach volume which is currently ${state}: ${VolumeId}`
    const plug = hold(it, VolumeId)
    await it.call('AttachVolume', { VolumeId, InstanceId: id, Device: '/dev/sdh' })
    expect(await it.refusal('DetachVolume', { VolumeId })).toBe(underWay('attaching'))
    plug()
    await it.idle()
    const unplug = hold(it, VolumeId)
    await it.call('DetachVolume', { VolumeId })
    expect(await it.refusal('DetachVolume', { VolumeId })).toBe(underWay('detaching'))
    unplug()
    await it.idle()
  })

  test.each([
    ['eucalyptus', /^400 IncorrectState: /],
    ['aws', /^400 OperationNotPermitted: /],
  ] as const)('the root of a running instance, in %s', async (fidelity, refusal) => {
    const cloud = clouds[fidelity]
    const id = await cloud.run({ ImageId: await registerEbs(cloud) })
    await cloud.idle()
    const root = cloud.cloud.volumes.list().find(({ attachment }) => attachment?.instanceId === id)
    expect(await cloud.refusal('DetachVolume', { VolumeId: root?.id ?? '' })).toMatch(refusal)
    expect(await told(cloud, root?.id ?? '')).toBe(`in-use attached ${id} /dev/sda`)
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('in %s the machine lets go, then it is available', async (fidelity) => {
    const cloud = clouds[fidelity]
    const { id, volume } = await attached(cloud)
    const release = hold(cloud, volume)
    const answer = await cloud.call('DetachVolume', { VolumeId: volume, InstanceId: id, Device: 'sdf' })
    expect(answer).toMatchObject({ volumeId: volume, instanceId: id, device: '/dev/sdf', status: 'detaching' })
    expect(await told(cloud, volume)).toBe(`in-use detaching ${id} /dev/sdf`)
    release()
    await cloud.idle()
    expect(await told(cloud, volume)).toBe('available')
    expect(cloud.hypervisor.machine(id).drives).not.toContain(driveIdOf(volume))
  })

  test('it can be attached to another instance then', async () => {
    const { volume } = await attached(it)
    const other = await it.run()
    await it.call('DetachVolume', { VolumeId: volume })
    await it.idle()
    await attach(it, volume, other)
    expect(await told(it, volume)).toBe(`in-use attached ${other} /dev/sdf`)
    expect(it.hypervisor.machine(other).drives).toContain(driveIdOf(volume))
  })

  test('the root of a stopped instance, which gets another', async () => {
    const { id, root } = await stoppedInstance(it)
    await it.call('DetachVolume', { VolumeId: root })
    await it.idle()
    expect(await told(it, root)).toBe('available')
    const other = await makeVolume(it)
    await attach(it, other, id, '/dev/sda')
    await it.call('StartInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.hypervisor.machine(id).drives[0]).toBe(driveIdOf(other))
  })

  test.each([
    ['eucalyptus', 'detaching_failed'],
    ['aws', 'busy'],
  ] as const)('in %s a guest that does not let go has it still, until it is forced', async (fidelity, status) => {
    const cloud = await freshCloud({ fidelity, guests: { letsGo: () => false } })
    const { id, volume } = await attached(cloud)
    await cloud.call('DetachVolume', { VolumeId: volume })
    await cloud.idle()
    expect(await told(cloud, volume)).toBe(`in-use ${status} ${id} /dev/sdf`)
    expect(cloud.hypervisor.machine(id).drives).toContain(driveIdOf(volume))
    await cloud.call('DetachVolume', { VolumeId: volume, Force: 'true' })
    await cloud.idle()
    expect(await told(cloud, volume)).toBe('available')
  })
})
