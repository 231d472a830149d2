import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud, type TestCloudOptions, told } from '../cloud.harness.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { attach, makeVolume, registerEbs, stoppedInstance, told as toldOfVolume } from '../ec2/volume/volume.harness.ts'
import { driveIdOf } from '../ec2/volume/volume.ts'
import { gatedHypervisor } from '../hypervisor.harness.ts'

const state = (it: TestCloud, id: string) => it.cloud.instances.get(id)?.state
const volumeIds = (it: TestCloud, id: string) => volumesOf(it.cloud.volumes.list(), id).map((volume) => volume.id)

/** A cloud with a running EBS-backed instance that has a second volume of its launch, which ends with it. */
async function ebsInstance(options?: TestCloudOptions) {
  const it = await freshCloud(options)
  const id = await it.run({
    ImageId: await registerEbs(it),
    'BlockDeviceMapping.1.DeviceName': '/dev/sdb',
    'BlockDeviceMapping.1.Ebs.VolumeSize': '1',
    'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
    InstanceInitiatedShutdownBehavior: 'terminate',
  })
  await it.idle()
  return { it, id, volumes: volumeIds(it, id) }
}

describe('a machine of an EBS-backed instance', () => {
  test('has the root first, then the volumes by device, with the serials of the cloud', async () => {
    const { it, id, volumes } = await ebsInstance()
    const plugged = await makeVolume(it)
    await attach(it, plugged, id, '/dev/sdf')
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(it.hypervisor.machine(id).spec).toMatchObject({
      boot: { kind: 'disk' },
      network: { mac: it.cloud.instances.get(id)?.network.mac },
      drives: [
        { id: driveIdOf(volumes[0] ?? ''), serial: 'euca-bdm-ebs0-dev-vda', durable: true },
        { id: driveIdOf(volumes[1] ?? ''), serial: 'euca-bdm-ebs1-dev-vdb', durable: true },
        { id: driveIdOf(plugged), serial: `euca-${plugged}-dev-vdf`, durable: true },
      ],
    })
  })

  test.each<[string, (it: TestCloud, id: string) => void, string]>([
    ['whose guest powers off', (it, id) => it.hypervisor.machine(id).powerOff(), 'stopped NORMAL: '],
    [
      'that breaks',
      (it, id) => it.hypervisor.machine(id).crash('signal SIGSEGV'),
      'stopped FAILED: The machine of the instance ended unexpectedly. -- [signal SIGSEGV]',
    ],
  ])(
    '%s leaves it stopped, whatever it was asked at launch, and it starts again',
    async (_title, happens, expected) => {
      const { it, id, volumes } = await ebsInstance()
      happens(it, id)
      await vi.waitFor(async () => expect(await told(it, id)).toBe(expected))
      await it.idle()
      expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
      expect(await toldOfVolume(it, volumes[0] ?? '')).toBe(`in-use attached ${id} /dev/sda`)
      await it.call('StartInstances', { 'InstanceId.1': id })
      await it.idle()
      expect(await told(it, id)).toBe('running ')
      expect(it.hypervisor.machine(id).drives).toEqual(volumes.map(driveIdOf))
    },
  )

  test('that does not come back from a reboot leaves it stopped', async () => {
    let boots = 0
    const refuses = () => {
      boots += 1
      return boots === 2 ? 'no memory any more' : undefined
    }
    const { it, id, volumes } = await ebsInstance({ guests: { refuses } })
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, id)).toContain(`stopped FAILED: The instance failed to start on the NC. -- [machine ${id}`)
    expect(volumeIds(it, id)).toEqual(volumes)
  })

  test('whose guest powers off while it is to be stopped ends once', async () => {
    const { it, id } = await ebsInstance({ guests: { obeysPowerButton: () => false } })
    await it.call('StopInstances', { 'InstanceId.1': id })
    await vi.waitFor(() => expect(it.host.underWay.has(id)).toBe(true))
    it.hypervisor.machine(id).powerOff()
    await it.idle()
    expect(await told(it, id)).toBe('stopped USER_STOPPED: User stopped.')
  })
})

describe('a first launch that fails', () => {
  test.each<[string, (it: TestCloud) => void, TestCloudOptions]>([
    ['as the machine does not start', () => undefined, { guests: { refuses: () => 'no memory' } }],
    [
      'as a volume cannot be made',
      (it) => void vi.spyOn(it.cloud.storage, 'createVolume').mockRejectedValueOnce(new Error('no space left')),
      {},
    ],
  ])('%s ends the instance, and its volumes with it', async (_title, harm, options) => {
    const it = await freshCloud(options)
    const ImageId = await registerEbs(it)
    harm(it)
    const id = await it.run({
      ImageId,
      'BlockDeviceMapping.1.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '1',
    })
    const volumes = volumeIds(it, id)
    expect(volumes).toHaveLength(2)
    await it.idle()
    expect(await told(it, id)).toMatch(/^terminated FAILED: The instance failed .* -- \[.*(no memory|no space left)\]$/)
    expect(await Promise.all(volumes.map((volume) => toldOfVolume(it, volume)))).toEqual(['deleted', 'deleted'])
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 1 })
  })

  test('is none that was stopped meanwhile', async () => {
    const gate = gatedHypervisor()
    const it = await freshCloud({ around: gate.around })
    const id = await it.run({ ImageId: await registerEbs(it) })
    await vi.waitFor(() => expect(gate.starting).toEqual([id]))
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    const [root = ''] = volumeIds(it, id)
    expect(await toldOfVolume(it, root)).toBe(`in-use attached ${id} /dev/sda`)
  })
})

describe.each(['orderly', 'crash'] as const)('after a stop of the emulator (%s)', (how) => {
  test('instances that ran boot again from the same volumes, at the same addresses', async () => {
    const { it, id, volumes } = await ebsInstance()
    const plugged = await makeVolume(it)
    await attach(it, plugged, id)
    const { network } = it.cloud.instances.get(id) ?? {}
    const next = await it.restart(how, {})
    await next.idle()
    expect(await told(next, id)).toBe('running ')
    expect(next.hypervisor.machine(id).drives).toEqual([...volumes, plugged].map(driveIdOf))
    // A crash leaves the data in another folder, whose emulator may have another network of public addresses.
    const { publicAddress: _, ...privately } = network ?? {}
    expect(next.cloud.instances.get(id)?.network).toMatchObject(how === 'orderly' ? { ...network } : privately)
  })

  test('those that were stopping are stopped, with the reason', async () => {
    const pressed: string[] = []
    const { it, id } = await ebsInstance({ guests: { obeysPowerButton: (spec) => pressed.push(spec.id) < 0 } })
    await it.call('StopInstances', { 'InstanceId.1': id })
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    const next = await it.restart(how, {})
    await next.idle()
    expect(await told(next, id)).toBe('stopped USER_STOPPED: User stopped.')
    expect(existsSync(next.cloud.files.machine(id).folder)).toBe(false)
  })

  test('those that are stopped stay so, and start', async () => {
    const it = await freshCloud()
    const { id, root } = await stoppedInstance(it)
    const next = await it.restart(how)
    await next.idle()
    expect(state(next, id)).toBe('stopped')
    await next.call('StartInstances', { 'InstanceId.1': id })
    await next.idle()
    expect(next.hypervisor.machine(id).drives).toEqual([driveIdOf(root)])
  })

  test('a launch whose volumes were made, or were not, is taken up again', async () => {
    const { around, starting } = gatedHypervisor()
    const it = await freshCloud({ around })
    const ImageId = await registerEbs(it)
    const [made, unmade] = [await it.run({ ImageId }), await it.run({ ImageId })]
    // Where there is a core for each, both.
    await vi.waitFor(() => expect(starting).toHaveLength(Math.min(2, availableParallelism())))
    await it.cloud.store.change((draft) => {
      const volumes = it.cloud.volumes.in(draft)
      for (const volume of volumesOf(volumes.list(), unmade)) volumes.put({ ...volume, made: false })
    })
    const next = await it.restart(how, {})
    await next.idle()
    for (const one of [made, unmade]) {
      expect(await told(next, one)).toBe('running ')
      const [root = ''] = volumeIds(next, one)
      expect(await toldOfVolume(next, root)).toBe(`in-use attached ${one} /dev/sda`)
      expect(next.cloud.volumes.get(root)?.made).toBe(true)
      expect(next.hypervisor.machine(one).drives).toEqual([driveIdOf(root)])
    }
  })

  test('a launch that was taken up again and fails then ends the instance and its volumes', async () => {
    const { around, starting } = gatedHypervisor()
    const it = await freshCloud({ around })
    const id = await it.run({ ImageId: await registerEbs(it) })
    await vi.waitFor(() => expect(starting).toEqual([id]))
    const [root = ''] = volumeIds(it, id)
    const next = await it.restart(how, { guests: { refuses: () => 'no memory' } })
    await next.idle()
    expect(state(next, id)).toBe('terminated')
    expect(await toldOfVolume(next, root)).toBe('deleted')
  })
})
