import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, deep, freshCloud, items, type TestCloud, theText, told } from '../../cloud.harness.ts'
import { gatedHypervisor } from '../../hypervisor.harness.ts'
import { attach, makeVolume, registerEbs, stoppedInstance, told as toldOfVolume } from '../volume/volume.harness.ts'
import { driveIdOf } from '../volume/volume.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it } = clouds
const both = Object.entries(clouds)
const record = (id: string, cloud = it) => cloud.cloud.instances.get(id)

/** Starts; resolves with `id previous -> current` of each. */
async function start(ids: string[], cloud: TestCloud = it): Promise<string[]> {
  const parameters = Object.fromEntries(ids.map((id, index) => [`InstanceId.${index + 1}`, id]))
  return items(await cloud.call('StartInstances', parameters), 'instancesSet').map((one) => {
    const code = (which: string) => theText(one, which, 'code')
    return `${theText(one, 'instanceId')} ${code('previousState')} -> ${code('currentState')}`
  })
}

describe('shape', () => {
  test('{}', async () =>
    expect(await it.refusal('StartInstances', {})).toBe(
      '400 MissingParameter: The request must contain the parameter InstanceId',
    ))
})

describe('refusals', () => {
  test.each([
    ['nonsense', '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"'],
    ['i-12345678', "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist"],
  ])('%s', async (id, refusal) => expect(await it.refusal('StartInstances', { 'InstanceId.1': id })).toBe(refusal))

  test("another account's", async () => {
    const { id } = await stoppedInstance(it)
    const stranger = await it.account('stranger')
    expect(await it.refusal('StartInstances', { 'InstanceId.1': id }, stranger)).toMatch(
      /^400 InvalidInstanceID.NotFound/,
    )
    expect(record(id)?.state).toBe('stopped')
  })

  test('for want of room none of the batch starts', async () => {
    const cloud = await freshCloud({ settings: { memoryMiB: 600 } })
    const [first, second] = [await stoppedInstance(cloud), await stoppedInstance(cloud)]
    await cloud.run()
    await cloud.idle()
    expect(await cloud.refusal('StartInstances', { 'InstanceId.1': first.id, 'InstanceId.2': second.id })).toBe(
      '503 ServiceUnavailable: Not enough resources (0 in one < 1): vm instances.',
    )
    expect([first, second].map(({ id }) => record(id, cloud)?.state)).toEqual(['stopped', 'stopped'])
  })

  test('what is terminated is left out in silence; in aws it is a fault', async () => {
    for (const cloud of [clouds.eucalyptus, clouds.aws]) {
      const [over, stays] = [await stoppedInstance(cloud), await stoppedInstance(cloud)]
      await cloud.call('TerminateInstances', { 'InstanceId.1': over.id })
      if (cloud === clouds.eucalyptus) {
        expect(await start([over.id, stays.id], cloud)).toEqual([`${stays.id} 80 -> 0`])
        continue
      }
      expect(await cloud.refusal('StartInstances', { 'InstanceId.1': stays.id, 'InstanceId.2': over.id })).toBe(
        `400 IncorrectInstanceState: The instance '${over.id}' is not in a state from which it can be changed so: terminated`,
      )
      expect(record(stays.id, cloud)?.state).toBe('stopped')
    }
  })
})

describe('effect', () => {
  test.each(both)('it runs from the same volumes, at the same address (%s)', async (_fidelity, cloud) => {
    const { id, root } = await stoppedInstance(cloud)
    const { network } = record(id, cloud) ?? {}
    expect(await start([id], cloud)).toEqual([`${id} 80 -> 0`])
    expect(await told(cloud, id)).toMatch(/^(pending|running) $/)
    await cloud.idle()
    expect(await told(cloud, id)).toBe('running ')
    expect(cloud.hypervisor.machine(id).drives).toEqual([driveIdOf(root)])
    expect(record(id, cloud)?.network).toEqual(network)
    expect(await toldOfVolume(cloud, root)).toBe(`in-use attached ${id} /dev/sda`)
  })

  test.each([
    ['eucalyptus', clouds.eucalyptus, (): string[] => []],
    ['aws', clouds.aws, (id: string) => [`${id} 16 -> 16`]],
  ] as const)('one that runs goes on running (%s)', async (_fidelity, cloud, answer) => {
    const id = await cloud.run()
    await cloud.idle()
    const machine = cloud.hypervisor.machine(id)
    expect(await start([id], cloud)).toEqual(answer(id))
    await cloud.idle()
    expect(cloud.hypervisor.machine(id)).toBe(machine)
  })

  test('it has what was attached while it ran and while it was stopped; ephemeral disks are fresh', async () => {
    const ImageId = await registerEbs(it, {
      'BlockDeviceMapping.2.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.2.VirtualName': 'ephemeral0',
    })
    const id = await it.run({ ImageId })
    const [hot, cold] = [await makeVolume(it), await makeVolume(it)]
    await attach(it, hot, id, '/dev/sdg')
    const ephemeral = it.cloud.files.machine(id).ephemeral(0)
    expect(existsSync(ephemeral)).toBe(true)
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(existsSync(ephemeral)).toBe(false)
    await attach(it, cold, id, '/dev/sdf')
    expect(await toldOfVolume(it, cold)).toBe(`in-use attached ${id} /dev/sdf`)
    await start([id])
    await it.idle()
    const root = it.cloud.volumes.list().find(({ attachment }) => attachment?.instanceId === id)?.id ?? ''
    expect(it.hypervisor.machine(id).drives).toEqual([driveIdOf(root), 'ephemeral0', driveIdOf(cold), driveIdOf(hot)])
    expect(existsSync(ephemeral)).toBe(true)
  })

  test('without its root it is stopped again and says why; with another root it starts', async () => {
    const { id, root } = await stoppedInstance(it)
    await it.call('DetachVolume', { VolumeId: root })
    await it.idle()
    await start([id])
    await it.idle()
    expect(await told(it, id)).toBe(
      'stopped FAILED: The instance failed to start on the NC. -- [Volume attachment for root device not found. Attach an EBS volume to root device /dev/sda]',
    )
    const other = await makeVolume(it)
    await attach(it, other, id, '/dev/sda')
    await start([id])
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    expect(it.hypervisor.machine(id).drives).toEqual([driveIdOf(other)])
  })

  test('a machine that does not start leaves it stopped, with its volumes', async () => {
    let broken = false
    const cloud = await freshCloud({ guests: { refuses: () => (broken ? 'no memory' : undefined) } })
    const { id, root } = await stoppedInstance(cloud)
    broken = true
    await start([id], cloud)
    await cloud.idle()
    expect(await told(cloud, id)).toBe(
      `stopped FAILED: The instance failed to start on the NC. -- [machine ${id} did not start: no memory]`,
    )
    expect(await toldOfVolume(cloud, root)).toBe(`in-use attached ${id} /dev/sda`)
    broken = false
    await start([id], cloud)
    await cloud.idle()
    expect(await told(cloud, id)).toBe('running ')
  })

  test('it can be stopped and terminated while it starts', async () => {
    const gate = gatedHypervisor()
    const cloud = await freshCloud({ around: gate.around })
    const id = await cloud.run({ ImageId: await registerEbs(cloud) })
    await vi.waitFor(() => expect(gate.starting).toHaveLength(1))
    await cloud.call('StopInstances', { 'InstanceId.1': id })
    await cloud.idle()
    await start([id], cloud)
    await vi.waitFor(() => expect(gate.starting).toHaveLength(2))
    const answer = await cloud.call('TerminateInstances', { 'InstanceId.1': id })
    expect(deep(answer, 'instancesSet', '0', 'previousState', 'name')).toBe('pending')
    await cloud.idle()
    expect(await told(cloud, id)).toBe('terminated USER_TERMINATED: User terminated.')
  })
})
