import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { attach, hold, makeVolume, stoppedInstance, told } from './volume.harness.ts'
import { driveIdOf } from './volume.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const running = { eucalyptus: await clouds.eucalyptus.run(), aws: await clouds.aws.run() }
const free = { eucalyptus: await makeVolume(clouds.eucalyptus), aws: await makeVolume(clouds.aws) }
await Promise.all([clouds.eucalyptus.idle(), clouds.aws.idle()])

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter VolumeId, InstanceId, Device'],
    [
      { VolumeId: 'vol-12345678', InstanceId: 'i-12345678' },
      '400 MissingParameter: The request must contain the parameter Device',
    ],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('AttachVolume', parameters)).toBe(refusal))
})

describe('refusals', () => {
  const same = (sentence: string): [string, string] => [sentence, sentence]
  const badDevice = (device: string): [string, string] =>
    same(`400 InvalidParameterValue: Value (${device}) for parameter device is invalid.`)
  const taken = (device: string) => same(`400 InvalidParameterValue: Already have a device attached to: ${device}`)
  test.each<[string, Record<string, string>, string, string]>([
    ['a short device', { Device: 'sd' }, ...badDevice('sd')],
    ['a long device', { Device: '/dev/sdaaaa' }, ...badDevice('/dev/sdaaaa')],
    ['a device with a dot', { Device: '/dev/../a' }, ...badDevice('/dev/../a')],
    [
      'a malformed volume',
      { VolumeId: 'vol-1' },
      ...same("400 InvalidParameterValue: Value (vol-1) for parameter volume is invalid. Expected: 'vol-...'."),
    ],
    [
      'a volume that is not there',
      { VolumeId: 'vol-12345678' },
      ...same("400 InvalidVolume.NotFound: The volume 'vol-12345678' does not exist"),
    ],
    ['a malformed instance', { InstanceId: 'i-1' }, ...same('400 InvalidInstanceID.Malformed: Invalid id: "i-1"')],
    [
      'an instance that is not there',
      { InstanceId: 'i-12345678' },
      ...same("400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist"),
    ],
    ['the device of an instance-store root', { Device: '/dev/sda' }, ...taken('/dev/sda')],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    for (const [fidelity, refusal] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      const good = { VolumeId: free[fidelity], InstanceId: running[fidelity], Device: '/dev/sdf' }
      expect(await clouds[fidelity].refusal('AttachVolume', { ...good, ...parameters })).toBe(refusal)
      expect(await told(clouds[fidelity], free[fidelity])).toBe('available')
    }
  })

  test('a volume that is attached, and a device that is taken, however it is written', async () => {
    const first = await makeVolume(it)
    const other = await it.run()
    await it.idle()
    await attach(it, first, running.eucalyptus, '/dev/sdg')
    const again = { VolumeId: first, InstanceId: other, Device: '/dev/sdf' }
    expect(await it.refusal('AttachVolume', again)).toBe(
      `400 VolumeInUse: Volume ${first} is currently attached to ${running.eucalyptus}`,
    )
    const VolumeId = free.eucalyptus
    expect(await it.refusal('AttachVolume', { VolumeId, InstanceId: running.eucalyptus, Device: 'sdg' })).toBe(
      '400 InvalidParameterValue: Already have a device attached to: sdg',
    )
  })

  test('the device of an ephemeral disk', async () => {
    const InstanceId = await it.run({
      'BlockDeviceMapping.1.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.1.VirtualName': 'ephemeral0',
    })
    await it.idle()
    expect(await it.refusal('AttachVolume', { VolumeId: free.eucalyptus, InstanceId, Device: 'sdb' })).toBe(
      '400 InvalidParameterValue: Already have a device attached to: sdb',
    )
  })

  test('an instance that neither runs nor is stopped', async () => {
    const InstanceId = await it.run()
    const parameters = { VolumeId: free.eucalyptus, InstanceId, Device: '/dev/sdf' }
    const refusal = `400 IncorrectState: Instance '${InstanceId}' is not 'running'`
    await it.call('TerminateInstances', { 'InstanceId.1': InstanceId })
    await it.idle()
    expect(await it.refusal('AttachVolume', parameters)).toBe(refusal)
  })

  test('a volume that is gone, and one of another zone', async () => {
    const elsewhere = await makeVolume(it)
    await it.cloud.store.change((draft) => {
      const volumes = it.cloud.volumes.in(draft)
      volumes.put({ ...volumes.get(elsewhere)!, zone: 'two' })
    })
    const parameters = { VolumeId: elsewhere, InstanceId: running.eucalyptus, Device: '/dev/sdh' }
    expect(await it.refusal('AttachVolume', parameters)).toBe(
      '500 InternalFailure: Can only attach volumes in the same zone: one',
    )
    await it.call('DeleteVolume', { VolumeId: elsewhere })
    await it.idle()
    expect(await it.refusal('AttachVolume', parameters)).toBe(
      `400 IncorrectState: Volume '${elsewhere}' is not 'available': deleted`,
    )
  })

  test("another account's volume", async () => {
    const stranger = await it.account('stranger')
    const InstanceId = await it.run({}, stranger)
    await it.idle()
    const parameters = { VolumeId: free.eucalyptus, InstanceId, Device: '/dev/sdf' }
    expect(await it.refusal('AttachVolume', parameters, stranger)).toMatch(/^400 InvalidVolume.NotFound/)
  })
})

describe('effect', () => {
  test('in use at once, attached when the machine has it', async () => {
    for (const fidelity of ['eucalyptus', 'aws'] as const) {
      const cloud = clouds[fidelity]
      const id = await makeVolume(cloud)
      const place = `${running[fidelity]} /dev/sdk`
      const parameters = { VolumeId: id, InstanceId: running[fidelity], Device: '/dev/sdk' }
      const release = hold(cloud, id)
      expect(await cloud.call('AttachVolume', parameters)).toMatchObject({
        volumeId: id,
        instanceId: running[fidelity],
        device: '/dev/sdk',
        status: 'attaching',
        attachTime: '2026-01-01T00:00:00.000Z',
      })
      expect(await told(cloud, id)).toBe(`in-use attaching ${place}`)
      release()
      await cloud.idle()
      expect(await told(cloud, id)).toBe(`in-use attached ${place}`)
      const machine = cloud.host.running.get(running[fidelity])?.machine
      expect(machine?.drives).toContain(driveIdOf(id))
    }
  })

  test('to a stopped instance it is attached at once, and there when that starts', async () => {
    const { id } = await stoppedInstance(it)
    const volume = await makeVolume(it)
    const answer = await it.call('AttachVolume', { VolumeId: volume, InstanceId: id, Device: '/dev/sdf' })
    expect(answer).toMatchObject({ status: 'attached' })
    await it.call('StartInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.hypervisor.machine(id).drives).toContain(driveIdOf(volume))
    expect(await told(it, volume)).toBe(`in-use attached ${id} /dev/sdf`)
  })

  test('when the instance ends, it is available', async () => {
    const id = await it.run()
    await it.idle()
    const volume = await makeVolume(it)
    await attach(it, volume, id)
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, volume)).toBe('available')
  })
})
