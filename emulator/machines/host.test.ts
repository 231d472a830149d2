import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, orphanMachine, type TestCloud } from '../cloud.harness.ts'
import type { Hypervisor } from '../node/hypervisor.ts'
import { hostDown } from './host.ts'

const state = (it: TestCloud, id: string) => it.cloud.instances.get(id)?.state
const patience = new AbortController().signal

/** Starts nothing until it is broken off. */
const stuck = (hypervisor: Hypervisor): Hypervisor => ({
  ...hypervisor,
  start: (_, { signal } = {}) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true })),
})

describe.each(['orderly', 'crash'] as const)('after a stop (%s)', (how) => {
  test('instances that ran boot again from their disks, once, without their bundle', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    writeFileSync(it.cloud.files.machine(id).root, 'what the guest wrote')
    const location = it.cloud.images.get(it.cloud.instances.get(id)?.imageId ?? '')?.location ?? ''
    const [bucket = '', ...key] = location.split('/')
    await it.cloud.objects.deleteObject(bucket, key.join('/'))
    const next = await it.restart(how)
    await next.idle()
    expect(state(next, id)).toBe('running')
    const { root } = next.cloud.files.machine(id)
    expect(next.hypervisor.machine(id).spec.drives[0]?.file).toBe(root)
    expect(readFileSync(root, 'utf8')).toBe('what the guest wrote')
  })

  test('pending ones start', async () => {
    const it = await freshCloud({ around: stuck })
    const id = await it.run()
    expect(state(it, id)).toBe('pending')
    const next = await it.restart(how, {})
    await next.idle()
    expect(state(next, id)).toBe('running')
  })

  test('those that were shutting down end', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    await it.cloud.store.change((draft) => {
      const instances = it.cloud.instances.in(draft)
      instances.put({ ...instances.get(id)!, state: 'shutting-down', ending: { kind: 'user' } })
    })
    const next = await it.restart(how)
    await next.idle()
    expect(next.cloud.instances.get(id)).toMatchObject({ state: 'terminated', ending: { kind: 'user' } })
    expect(existsSync(next.cloud.files.machine(id).folder)).toBe(false)
  })

  test('one that was rebooting runs', async () => {
    const pressed: string[] = []
    const it = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    const next = await it.restart(how, {})
    await next.idle()
    expect(state(next, id)).toBe('running')
    expect(next.hypervisor.machine(id).id).toBe(id)
  })

  test('folders of machines that belong to no instance are removed', async () => {
    const it = await freshCloud()
    const [ended, runs] = [await it.run(), await it.run()]
    await it.idle()
    await it.call('TerminateInstances', { 'InstanceId.1': ended })
    await it.idle()
    for (const id of ['i-12345678', ended]) orphanMachine(it.cloud, id)
    const next = await it.restart(how)
    await next.idle()
    const there = ['i-12345678', ended, runs].map((id) => existsSync(next.cloud.files.machine(id).folder))
    expect(there).toEqual([false, false, true])
  })
})

describe('a stop', () => {
  test('presses the power button and waits for the guests', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    const machine = it.hypervisor.machine(id)
    await hostDown(it.host, patience)
    expect(await machine.ended).toMatchObject({ reason: 'power-off' })
    // It was the host that went down, not the guest that left.
    expect(it.cloud.instances.get(id)).toMatchObject({ state: 'running' })
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(true)
  })

  test('ends deaf guests after the grace', async () => {
    const pressed: string[] = []
    const it = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    const machine = it.hypervisor.machine(id)
    let isDown = false
    const down = hostDown(it.host, patience).then(() => {
      isDown = true
    })
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await it.clock.advance(9_999)
    expect(isDown).toBe(false)
    await it.clock.advance(1)
    await down
    expect(await machine.ended).toMatchObject({ reason: 'ended' })
    expect(state(it, id)).toBe('running')
  })

  test('does not wait once there is a hurry', async () => {
    const pressed: string[] = []
    const it = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    const hurry = new AbortController()
    const down = hostDown(it.host, hurry.signal)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    hurry.abort()
    await down
    expect(state(it, id)).toBe('running')
  })

  test('breaks off launches, which stay pending', async () => {
    const it = await freshCloud({ around: stuck })
    const id = await it.run()
    await hostDown(it.host, patience)
    expect(state(it, id)).toBe('pending')
  })

  test('lets an end that has begun finish', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    it.hypervisor.machine(id).powerOff()
    await vi.waitFor(() => expect(state(it, id)).not.toBe('running'))
    await hostDown(it.host, patience)
    expect(['shutting-down', 'terminated']).toContain(state(it, id))
    expect(it.host.running.size).toBe(0)
  })
})
