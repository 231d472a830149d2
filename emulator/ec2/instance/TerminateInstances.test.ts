import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, items, type TestCloud } from '../../cloud.harness.ts'
import { attach, makeVolume, registerEbs, told as toldOfVolume } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus
const ImageId = await it.register()
const state = (id: string) => it.cloud.instances.get(id)?.state

/** Terminates; resolves with `id previous -> current` of each. */
async function terminate(ids: string[], cloud = it, as = cloud.administrator): Promise<string[]> {
  const parameters = Object.fromEntries(ids.map((id, index) => [`InstanceId.${index + 1}`, id]))
  const answer = await cloud.call('TerminateInstances', parameters, as)
  return items(answer, 'instancesSet').map((one) => {
    const { instanceId, previousState, currentState } = one as unknown as Record<string, { code: string }>
    return `${instanceId} ${previousState?.code} -> ${currentState?.code}`
  })
}

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter InstanceId'],
    [
      { InstanceId: 'i-12345678' },
      '400 400 Bad Request: Failed to bind the following fields:\nInstanceId = i-12345678',
    ],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('TerminateInstances', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each([
    ['a malformed id', 'nonsense', '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"'],
    [
      'one that is not there',
      'i-12345678',
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    ],
  ])('%s, and the others of the batch go on', async (_title, id, refusal) => {
    const other = await it.run({ ImageId })
    await it.idle()
    expect(await it.refusal('TerminateInstances', { 'InstanceId.1': other, 'InstanceId.2': id })).toBe(refusal)
    expect(state(other)).toBe('running')
    await terminate([other])
  })

  test("another account's", async () => {
    const id = await it.run({ ImageId })
    const user = await it.account('stranger')
    expect(await it.refusal('TerminateInstances', { 'InstanceId.1': id }, user)).toMatch(
      /^400 InvalidInstanceID.NotFound/,
    )
    await terminate([id])
  })

  test('one that is protected fails the whole batch', async () => {
    const [open, guarded] = [await it.run({ ImageId }), await it.run({ ImageId, DisableApiTermination: 'true' })]
    await it.idle()
    expect(await it.refusal('TerminateInstances', { 'InstanceId.1': open, 'InstanceId.2': guarded })).toBe(
      `400 OperationNotPermitted: Termination protection enabled for instance ${guarded}`,
    )
    expect([state(open), state(guarded)]).toEqual(['running', 'running'])
    await terminate([open])
  })
})

describe('effect', () => {
  test('running, shutting down, terminated, and then out of the answers; the disks go', async () => {
    const id = await it.run({ ImageId })
    await it.idle()
    const { folder } = it.cloud.files.machine(id)
    expect(existsSync(folder)).toBe(true)
    const answers = await Promise.all([terminate([id]), terminate([id])])
    expect(answers.flat()).toEqual([`${id} 16 -> 32`, `${id} 32 -> 32`])
    await it.idle()
    expect(existsSync(folder)).toBe(false)
    expect(() => it.hypervisor.machine(id)).toThrow('no machine')
    expect(await terminate([id])).toEqual([`${id} 48 -> 48`])
    expect(it.cloud.instances.get(id)).toBeUndefined()
    expect(await it.refusal('TerminateInstances', { 'InstanceId.1': id })).toMatch(/^400 InvalidInstanceID.NotFound/)
  })

  test('in aws what is terminated stays so', async () => {
    const id = await clouds.aws.run()
    await clouds.aws.idle()
    expect(await terminate([id], clouds.aws)).toEqual([`${id} 16 -> 32`])
    await clouds.aws.idle()
    expect(await terminate([id], clouds.aws)).toEqual([`${id} 48 -> 48`])
    expect(clouds.aws.cloud.instances.get(id)?.state).toBe('terminated')
  })

  test('one id twice is one instance', async () => {
    const id = await it.run({ ImageId })
    expect(await terminate([id, id])).toEqual([`${id} 0 -> 32`])
  })

  test('one that is ending by itself keeps its reason', async () => {
    const id = await it.run({ ImageId })
    await it.idle()
    await it.cloud.store.change((draft) => {
      const instances = it.cloud.instances.in(draft)
      instances.put({ ...instances.get(id)!, state: 'shutting-down', ending: { kind: 'crashed', detail: 'bang' } })
    })
    expect(await terminate([id])).toEqual([`${id} 32 -> 32`])
    await it.idle()
    expect(it.cloud.instances.get(id)).toMatchObject({
      state: 'terminated',
      ending: { kind: 'crashed', detail: 'bang' },
    })
  })
})

/** A running EBS-backed instance; its root and a further volume end with it, another of the launch and a plugged one stay. */
async function withVolumes(cloud: TestCloud) {
  const flag = 'Ebs.DeleteOnTermination'
  const id = await cloud.run({
    ImageId: await registerEbs(cloud, { [`BlockDeviceMapping.1.${flag}`]: 'true' }),
    'BlockDeviceMapping.1.DeviceName': '/dev/sdb',
    'BlockDeviceMapping.1.Ebs.VolumeSize': '1',
    [`BlockDeviceMapping.1.${flag}`]: 'true',
    'BlockDeviceMapping.2.DeviceName': '/dev/sdc',
    'BlockDeviceMapping.2.Ebs.VolumeSize': '1',
  })
  await cloud.idle()
  await attach(cloud, await makeVolume(cloud), id)
  return { id, fates: () => fatesOf(cloud) }
}

/** What became of each volume that is or was in an instance, by its place in the order of their making. */
async function fatesOf(cloud: TestCloud): Promise<string[]> {
  // The first volume is the one that the image's snapshot was made of.
  const [, ...ids] = cloud.cloud.volumes.list().map(({ id }) => id)
  return Promise.all(ids.map((id) => toldOfVolume(cloud, id)))
}

describe('volumes', () => {
  const after = ['deleted', 'deleted', 'available', 'available']

  test('from running', async () => {
    const cloud = await freshCloud()
    const { id, fates } = await withVolumes(cloud)
    expect(await terminate([id], cloud)).toEqual([`${id} 16 -> 32`])
    await cloud.idle()
    expect(await fates()).toEqual(after)
    expect(await cloud.cloud.storage.usage()).toMatchObject({ volumes: 3 })
  })

  test('from stopped, which is terminated at once (BDM 13, 14)', async () => {
    const cloud = await freshCloud()
    const { id, fates } = await withVolumes(cloud)
    await cloud.call('StopInstances', { 'InstanceId.1': id })
    await cloud.idle()
    expect(await terminate([id], cloud)).toEqual([`${id} 80 -> 48`])
    expect(cloud.cloud.instances.get(id)).toMatchObject({ state: 'terminated', ending: { kind: 'user' } })
    await cloud.idle()
    expect(await fates()).toEqual(after)
    expect(cloud.cloud.instances.get(id)?.terminatedAt).toBe(cloud.clock.now().toISOString())
  })

  test('from stopped, and then out of the answers at once', async () => {
    const cloud = await freshCloud()
    const { id, fates } = await withVolumes(cloud)
    await cloud.call('StopInstances', { 'InstanceId.1': id })
    await cloud.idle()
    expect([...(await terminate([id], cloud)), ...(await terminate([id], cloud))]).toEqual([
      `${id} 80 -> 48`,
      `${id} 48 -> 48`,
    ])
    await cloud.idle()
    expect(await fates()).toEqual(after)
    expect(cloud.cloud.instances.get(id)).toBeUndefined()
  })

  test('from stopping, which waits for the guest no longer', async () => {
    const pressed: string[] = []
    const cloud = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const { id, fates } = await withVolumes(cloud)
    await cloud.call('StopInstances', { 'InstanceId.1': id })
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    expect(await terminate([id], cloud)).toEqual([`${id} 64 -> 32`])
    await cloud.idle()
    expect(cloud.cloud.instances.get(id)).toMatchObject({ state: 'terminated', ending: { kind: 'user' } })
    expect(await fates()).toEqual(after)
    expect(existsSync(cloud.cloud.files.machine(id).folder)).toBe(false)
  })

  test('of an instance-store instance that were plugged in stay', async () => {
    const cloud = await freshCloud()
    const id = await cloud.run()
    const volume = await makeVolume(cloud)
    await attach(cloud, volume, id)
    await terminate([id], cloud)
    await cloud.idle()
    expect(await toldOfVolume(cloud, volume)).toBe('available')
  })

  test('in aws those that are deleted are out of the answers', async () => {
    const id = await clouds.aws.run({ ImageId: await registerEbs(clouds.aws) })
    await clouds.aws.idle()
    const before = clouds.aws.cloud.volumes.list().length
    await terminate([id], clouds.aws)
    await clouds.aws.idle()
    // The root, whose flag is true in aws unless it is said otherwise.
    expect(clouds.aws.cloud.volumes.list()).toHaveLength(before - 1)
  })
})
