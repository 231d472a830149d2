import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { deep, freshCloud, type TestCloud, type TestCloudOptions, theText, told } from '../cloud.harness.ts'
import { attach, makeVolume, registerEbs } from '../ec2/volume/volume.harness.ts'

/** Launches an EBS-backed instance; resolves with its id when it runs. */
async function running(it: TestCloud): Promise<string> {
  const id = await it.run({ ImageId: await registerEbs(it) })
  await it.idle()
  return id
}

/** Asks for an image of an instance; resolves with its id. */
const create = async (it: TestCloud, InstanceId: string, parameters: Record<string, string> = {}): Promise<string> =>
  theText(await it.call('CreateImage', { InstanceId, Name: 'made', ...parameters }), 'imageId')

/** An image as DescribeImages shows it. */
const shown = async (it: TestCloud, id: string) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }), 'imagesSet', '0')

/** A cloud whose guests do not listen to their power button, with an instance, which an image is to be made of. */
async function slow(options: TestCloudOptions = {}): Promise<{ cloud: TestCloud; id: string; pressed: string[] }> {
  const pressed: string[] = []
  const cloud = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 }, ...options })
  return { cloud, id: await running(cloud), pressed }
}

describe.each(['eucalyptus', 'aws'] as const)('an image of an instance, in %s', (fidelity) => {
  test('a guest that does not shut down is switched off after the grace', async () => {
    const { cloud, id, pressed } = await slow({ fidelity })
    const first = cloud.hypervisor.machine(id)
    const image = await create(cloud, id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await cloud.clock.advance(59_999)
    expect(await shown(cloud, image)).toMatchObject({ imageState: 'pending' })
    await cloud.clock.advance(1)
    await cloud.idle()
    expect(await first.ended).toMatchObject({ reason: 'ended' })
    expect(await shown(cloud, image)).toMatchObject({ imageState: 'available' })
    expect(cloud.hypervisor.machine(id)).not.toBe(first)
  })

  test.each([
    ['TerminateInstances', 'terminated'],
    ['StopInstances', 'stopped'],
  ])('%s in the middle: it fails, and nothing of it stays', async (action, state) => {
    const { cloud, id, pressed } = await slow({ fidelity })
    const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const image = await create(cloud, id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await cloud.call(action, { 'InstanceId.1': id })
    await vi.waitFor(() => expect(cloud.cloud.images.get(image)?.state).toBe('failed'))
    await cloud.clock.advance(120_000)
    await cloud.idle()
    expect(cloud.cloud.instances.get(id)?.state).toBe(state)
    expect(await shown(cloud, image)).toMatchObject({ imageState: 'failed' })
    expect(cloud.cloud.snapshots.list().filter(({ description }) => description?.includes(image))).toEqual([])
    expect((await cloud.cloud.storage.usage()).snapshots).toBe(cloud.cloud.snapshots.list().length)
    expect(errors).toHaveBeenCalledWith(`image ${image}:`, expect.anything())
    errors.mockRestore()
    // A failed image goes at once, and its name is free.
    await cloud.call('DeregisterImage', { ImageId: image })
    expect(cloud.cloud.images.get(image)).toBeUndefined()
  })

  test.each(['orderly', 'crash'] as const)('%s end of the emulator in the middle', async (how) => {
    const { cloud, id, pressed } = await slow({ fidelity, settings: { stopGrace: 0 } })
    const image = await create(cloud, id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    const next = await cloud.restart(how)
    await next.idle()
    expect(await shown(next, image)).toMatchObject({ imageState: 'failed' })
    expect(next.cloud.images.get(image)).not.toHaveProperty('source')
    expect(await told(next, id)).toBe('running ')
    const before = next.cloud.snapshots.list().length
    expect((await next.cloud.storage.usage()).snapshots).toBe(before)
    expect(before).toBe(1)
  })
})

test('a crash between the snapshots and the image leaves neither', async () => {
  const it = await freshCloud()
  const id = await running(it)
  await attach(it, await makeVolume(it), id)
  const image = await create(it, id, { NoReboot: 'true' })
  await it.idle()
  // As the records are just before the last change.
  await it.cloud.store.change((draft) => {
    const [images, snapshots] = [it.cloud.images.in(draft), it.cloud.snapshots.in(draft)]
    const made = images.get(image)!
    const snapshotIds = made.mappings!.map(({ snapshotId }) => snapshotId!)
    for (const one of snapshotIds) snapshots.put({ ...snapshots.get(one)!, state: 'pending' })
    const source = { instanceId: id, reboot: false, suppressed: [], added: [], changed: [] }
    images.put({ ...made, state: 'pending', source, snapshotIds })
  })
  const next = await it.restart('crash')
  expect(next.cloud.images.get(image)).toMatchObject({ state: 'failed' })
  expect(next.cloud.snapshots.list()).toHaveLength(1)
  expect(readdirSync(join(next.cloud.files.storage, 'snapshots')).join()).not.toContain(
    next.cloud.images.get(image)?.mappings?.[0]?.snapshotId,
  )
})

test('an image that is deregistered while it is pending stays so', async () => {
  const { cloud, id, pressed } = await slow()
  const ImageId = await create(cloud, id)
  await vi.waitFor(() => expect(pressed).toEqual([id]))
  await cloud.call('DeregisterImage', { ImageId })
  await vi.waitFor(() => expect(cloud.cloud.images.get(ImageId)?.state).toBe('deregistered'))
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await cloud.clock.advance(60_000)
  await cloud.idle()
  errors.mockRestore()
  expect(cloud.cloud.images.get(ImageId)?.state).toBe('deregistered')
  expect(cloud.cloud.snapshots.list()).toHaveLength(1)
  expect(await told(cloud, id)).toBe('running ')
})
