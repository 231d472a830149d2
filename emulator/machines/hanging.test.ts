import { expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { attach, makeVolume, registerEbs, told } from '../ec2/volume/volume.harness.ts'
import { hostDown } from './host.ts'

const patience = new AbortController().signal
const state = (it: TestCloud, id: string) => it.cloud.instances.get(id)?.state

/** A machine that does not answer, until it is ended. */
function hangs(it: TestCloud, id: string) {
  const machine = it.hypervisor.machine(id)
  const hang = () => machine.ended.then(() => Promise.reject(new Error('machine has ended')))
  const unplug = (_: string, { signal }: { signal?: AbortSignal } = {}) =>
    Promise.race([
      hang(),
      new Promise<never>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    ])
  return {
    plug: vi.spyOn(machine, 'plug').mockImplementation(hang),
    unplug: vi.spyOn(machine, 'unplug').mockImplementation(unplug),
    addLayer: vi.spyOn(machine, 'addLayer').mockImplementation(hang),
    powerButton: vi.spyOn(machine, 'powerButton').mockImplementation(hang),
  }
}

type Hanging = ReturnType<typeof hangs>
/** What may wait for a machine, given the volume that it has and one that it has not. */
const jobs: [name: keyof Hanging, action: string, parameters: (inside: string, id: string, other: string) => object][] =
  [
    ['plug', 'AttachVolume', (_, InstanceId, VolumeId) => ({ VolumeId, InstanceId, Device: '/dev/sdg' })],
    ['unplug', 'DetachVolume', (VolumeId) => ({ VolumeId })],
    ['unplug', 'DetachVolume', (VolumeId) => ({ VolumeId, Force: 'true' })],
    ['addLayer', 'CreateSnapshot', (VolumeId) => ({ VolumeId })],
  ]

async function waiting(it: TestCloud, [name, action, parameters]: (typeof jobs)[number]) {
  const id = await it.run({ ImageId: await registerEbs(it) })
  const [inside, other] = [await makeVolume(it), await makeVolume(it)]
  await attach(it, inside, id)
  const hanging = hangs(it, id)
  await it.call(action, parameters(inside, id, other) as Record<string, string>)
  await vi.waitFor(() => expect(hanging[name]).toHaveBeenCalled())
  return { id, inside, other }
}

test.each(jobs)('%s of a machine that hangs (%s) holds up no end of its instance', async (...job) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const it = await freshCloud()
  const { id, inside, other } = await waiting(it, job)
  await it.call('TerminateInstances', { 'InstanceId.1': id })
  // Nothing but a snapshot, which the end of an instance does not break off at once, takes any time.
  if (job[0] === 'addLayer')
    await vi.waitFor(() => it.clock.advance(10_000).then(() => expect(it.host.running.size).toBe(0)))
  await it.idle()
  expect(state(it, id)).toBe('terminated')
  expect([await told(it, inside), await told(it, other)]).toEqual(['available', 'available'])
  vi.mocked(console.error).mockRestore()
})

test.each(jobs)('%s of a machine that hangs (%s) holds up no stop of its instance by force', async (...job) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const it = await freshCloud()
  const { id, inside, other } = await waiting(it, job)
  await it.call('StopInstances', { 'InstanceId.1': id, Force: 'true' })
  if (job[0] === 'addLayer')
    await vi.waitFor(() => it.clock.advance(10_000).then(() => expect(it.host.running.size).toBe(0)))
  await it.idle()
  expect(state(it, id)).toBe('stopped')
  const isOut = job[0] === 'unplug'
  expect(await told(it, inside)).toBe(isOut ? 'available' : `in-use attached ${id} /dev/sdf`)
  expect(await told(it, other)).toBe(job[0] === 'plug' ? `in-use attached ${id} /dev/sdg` : 'available')
  vi.mocked(console.error).mockRestore()
})

test.each(jobs)('%s of a machine that hangs (%s) holds up no stop of the emulator', async (...job) => {
  const it = await freshCloud()
  const { id } = await waiting(it, job)
  const down = hostDown(it.host, patience)
  // Its guest has the grace, though nobody can press its button.
  await it.cloud.tasks.idle()
  await vi.waitFor(() => it.clock.advance(10_000).then(() => expect(it.host.running.size).toBe(0)))
  await down
  expect(state(it, id)).toBe('running')
})

test('a task that waits for its machine ends with it when there is a hurry', async () => {
  const it = await freshCloud()
  const id = await it.run()
  await it.idle()
  const machine = it.hypervisor.machine(id)
  it.cloud.tasks.start('waits', async () => void (await machine.ended))
  const hurry = new AbortController()
  const down = hostDown(it.host, hurry.signal)
  hurry.abort()
  await down
  expect(await machine.ended).toMatchObject({ reason: 'ended' })
})

test('that no room is left for what a guest writes is said, and that there is some again', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const it = await freshCloud()
  const id = await it.run()
  await it.idle()
  const machine = it.hypervisor.machine(id)
  for (const isOver of [false, true]) machine.stall({ driveId: 'root', isOver })
  expect(said.mock.calls).toEqual([
    [
      `no room left on this machine for root of ${id}, in ${it.cloud.files.data}: the instance stands still until there is some`,
    ],
    [`root of ${id} has room again: the instance goes on`],
  ])
  said.mockRestore()
})
