import { availableParallelism } from 'node:os'
import { expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { broadcastFrame } from '../ec2/instance/status.harness.ts'
import type { Hypervisor } from '../node/hypervisor.ts'
import { processorTime } from '../node/processor-time.ts'

vi.mock('../node/processor-time.ts')

const count = 20
const places = Math.min(count, availableParallelism())

/** Guests that take their time to boot, as those of a host of this pace do. */
const slow = (pace: number) => ({
  settings: { memoryMiB: 64 * 1024, cpuOvercommit: 64 },
  around: (hypervisor: Hypervisor): Hypervisor => ({
    ...hypervisor,
    describe: async () => ({ ...(await hypervisor.describe()), pace }),
  }),
})

/** Processes of machines. */
const [busy, idle] = [1, 2]

const inState = (it: TestCloud, state: string) => it.cloud.instances.list().filter((one) => one.state === state)

/** Launches them all with one call; resolves when as many run as may boot at once. */
async function storm(it: TestCloud): Promise<void> {
  await it.call('RunInstances', { ImageId: await it.register(), MinCount: `${count}`, MaxCount: `${count}` })
  await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(places))
}

test('twenty launches boot a few at a time, the next as soon as one is heard of', async () => {
  const it = await freshCloud(slow(1))
  await storm(it)
  expect(inState(it, 'pending')).toHaveLength(count - places)
  for (let up = 1; up <= count; up += 1) {
    const [next] = inState(it, 'running').filter(({ id }) => !it.cloud.network.hasHeard(id))
    await broadcastFrame(it, next?.id ?? '')
    await it.clock.advance(50)
    await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(Math.min(count, places + up)))
  }
  await it.idle()
})

test('a guest that is never heard of keeps others waiting for as long as this host may take', async () => {
  const it = await freshCloud(slow(2))
  await storm(it)
  await it.clock.advance(29_950)
  expect(inState(it, 'running')).toHaveLength(places)
  await it.clock.advance(50)
  await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(Math.min(count, 2 * places)))
})

test('a guest that does nothing keeps others waiting for a second only', async () => {
  const it = await freshCloud({
    ...slow(1),
    around: (hypervisor) => {
      const { describe, start } = slow(1).around(hypervisor)
      const pid = () => (inState(it, 'running').length < places ? busy : idle)
      return { ...hypervisor, describe, start: async (...all) => Object.assign(await start(...all), { pid: pid() }) }
    },
  })
  // One that uses a tenth of a processor, and one that used some when it began.
  vi.mocked(processorTime).mockImplementation(async (pid) => (pid === busy ? it.clock.monotonic() / 10 : 400))
  await storm(it)
  await it.clock.advance(14_950)
  expect(inState(it, 'running')).toHaveLength(places)
  await it.clock.advance(50)
  await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(Math.min(count, 2 * places)))
  await it.clock.advance(950)
  expect(inState(it, 'running')).toHaveLength(Math.min(count, 2 * places))
  await it.clock.advance(100)
  await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(Math.min(count, 3 * places)))
})

test('one that waits ends when it is told to, and one that ends makes room', async () => {
  const it = await freshCloud(slow(1))
  await storm(it)
  const [waits, runs] = [inState(it, 'pending').at(-1)?.id ?? '', inState(it, 'running')[0]?.id ?? '']
  await it.call('TerminateInstances', { 'InstanceId.1': waits })
  await vi.waitFor(() => expect(it.cloud.instances.get(waits)?.state).toBe('terminated'))
  expect(inState(it, 'running')).toHaveLength(places)
  await it.call('TerminateInstances', { 'InstanceId.1': runs })
  await vi.waitFor(() => expect(it.cloud.instances.get(runs)?.state).toBe('terminated'))
  await it.clock.advance(50)
  await vi.waitFor(() => expect(inState(it, 'running')).toHaveLength(places))
})
