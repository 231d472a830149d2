import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, items, type TestCloud, theText, told } from '../../cloud.harness.ts'
import { gatedHypervisor } from '../../hypervisor.harness.ts'
import { registerEbs, stoppedInstance, told as toldOfVolume } from '../volume/volume.harness.ts'
import { volumesOf } from './instance-view.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus: it } = clouds
const both = Object.entries(clouds)
const ebsImages = { eucalyptus: await registerEbs(clouds.eucalyptus), aws: await registerEbs(clouds.aws) }
const record = (id: string, cloud = it) => cloud.cloud.instances.get(id)

/** A running EBS-backed instance. */
async function running(cloud = it): Promise<string> {
  const id = await cloud.run({ ImageId: ebsImages[cloud.cloud.settings.fidelity] })
  await cloud.idle()
  return id
}

/** Stops; resolves with `previous -> current` of each. */
async function stop(ids: string[], cloud: TestCloud = it, more: Record<string, string> = {}): Promise<string[]> {
  const parameters = Object.fromEntries(ids.map((id, index) => [`InstanceId.${index + 1}`, id]))
  const answer = await cloud.call('StopInstances', { ...parameters, ...more })
  return items(answer, 'instancesSet').map((one) => {
    const code = (which: string) => theText(one, which, 'code')
    expect(ids).toContain(theText(one, 'instanceId'))
    return `${code('previousState')} -> ${code('currentState')}`
  })
}

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter InstanceId'],
    [
      { 'InstanceId.1': 'i-12345678', Force: 'hard' },
      '400 400 Bad Request: Failed to bind the following fields:\nForce = hard',
    ],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('StopInstances', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each(both)('an instance-store instance fails the whole batch (%s)', async (_fidelity, cloud) => {
    const [mortal, stays] = [await cloud.run(), await running(cloud)]
    await cloud.idle()
    expect(await cloud.refusal('StopInstances', { 'InstanceId.1': stays, 'InstanceId.2': mortal })).toBe(
      `400 UnsupportedOperation: The instance '${mortal}' does not have an 'ebs' root device type and cannot be stopped.`,
    )
    expect([record(mortal, cloud)?.state, record(stays, cloud)?.state]).toEqual(['running', 'running'])
  })

  test.each(both)('one that is terminated (%s)', async (_fidelity, cloud) => {
    const { id } = await stoppedInstance(cloud)
    await cloud.call('TerminateInstances', { 'InstanceId.1': id })
    expect(await cloud.refusal('StopInstances', { 'InstanceId.1': id })).toBe(
      `400 IncorrectInstanceState: The instance '${id}' is not in a state from which it can be changed so: terminated`,
    )
  })

  test.each([
    ['nonsense', '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"'],
    ['i-12345678', "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist"],
  ])('%s', async (id, refusal) => expect(await it.refusal('StopInstances', { 'InstanceId.1': id })).toBe(refusal))

  test("another account's", async () => {
    const id = await running()
    expect(await it.refusal('StopInstances', { 'InstanceId.1': id }, await it.account('stranger'))).toMatch(
      /^400 InvalidInstanceID.NotFound/,
    )
    expect(record(id)?.state).toBe('running')
  })
})

describe('effect', () => {
  test.each(both)('the machine ends, its volumes stay in use, its folder goes (%s)', async (fidelity, cloud) => {
    const id = await running(cloud)
    const [root] = volumesOf(cloud.cloud.volumes.list(), id)
    expect(await stop([id], cloud)).toEqual(['16 -> 64'])
    await cloud.idle()
    const reason = fidelity === 'aws' ? 'User initiated (2026-01-01 00:00:00 GMT)' : 'USER_STOPPED: User stopped.'
    expect(await told(cloud, id)).toBe(`stopped ${reason}`)
    expect(() => cloud.hypervisor.machine(id)).toThrow('no machine')
    expect(existsSync(cloud.cloud.files.machine(id).folder)).toBe(false)
    expect(await toldOfVolume(cloud, root?.id ?? '')).toBe(`in-use attached ${id} ${root?.attachment?.device}`)
    expect(await stop([id], cloud)).toEqual(['80 -> 80'])
  })

  test('one id twice is one instance', async () => {
    const id = await running()
    expect(await stop([id, id])).toEqual(['16 -> 64'])
  })

  test('while it is launched', async () => {
    const { around, starting } = gatedHypervisor()
    const cloud = await freshCloud({ around })
    const id = await cloud.run({ ImageId: await registerEbs(cloud) })
    await vi.waitFor(() => expect(starting).toEqual([id]))
    expect(await stop([id], cloud)).toEqual(['0 -> 64'])
    await cloud.idle()
    expect(await told(cloud, id)).toBe('stopped USER_STOPPED: User stopped.')
    expect(cloud.host.underWay.size + cloud.host.running.size).toBe(0)
  })

  /** A cloud whose guests do not listen to their power button, with one of them being stopped. */
  async function deaf() {
    const pressed: string[] = []
    const cloud = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await cloud.run({ ImageId: await registerEbs(cloud) })
    await cloud.idle()
    await stop([id], cloud)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    return { cloud, id, machine: cloud.hypervisor.machine(id) }
  }

  test('a guest that does not listen is switched off after the grace', async () => {
    const { cloud, id, machine } = await deaf()
    expect(await stop([id], cloud)).toEqual(['64 -> 64'])
    await cloud.clock.advance(59_999)
    expect(cloud.hypervisor.machine(id)).toBe(machine)
    await cloud.clock.advance(1)
    await cloud.idle()
    expect(await machine.ended).toMatchObject({ reason: 'ended' })
    expect(await told(cloud, id)).toBe('stopped USER_STOPPED: User stopped.')
  })

  test('by force does not wait for the guest, also when it is waited for already', async () => {
    const { cloud, id, machine } = await deaf()
    expect(await stop([id], cloud, { Force: 'true' })).toEqual(['64 -> 64'])
    await cloud.idle()
    expect(await machine.ended).toMatchObject({ reason: 'ended' })
    expect(await told(cloud, id)).toBe('stopped USER_STOPPED: User stopped.')
  })

  test('by force from the first does not ask the guest at all', async () => {
    const pressed: string[] = []
    const cloud = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) > 0 } })
    const id = await cloud.run({ ImageId: await registerEbs(cloud) })
    await cloud.idle()
    await stop([id], cloud, { Force: 'true' })
    await cloud.idle()
    expect([record(id, cloud)?.state, pressed]).toEqual(['stopped', []])
  })

  test('what is stopped takes no room', async () => {
    const cloud = await freshCloud({ settings: { memoryMiB: 300 } })
    await stoppedInstance(cloud)
    expect(await cloud.run()).toMatch(/^i-/)
  })
})
