import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud, told } from '../cloud.harness.ts'
import { gatedHypervisor } from '../hypervisor.harness.ts'
import type { Hypervisor } from '../node/hypervisor.ts'

describe('an end', () => {
  test.each<[string, (it: TestCloud, id: string) => void, string]>([
    ['the guest powers off', (it, id) => it.hypervisor.machine(id).powerOff(), 'terminated NORMAL: '],
    [
      'the machine breaks',
      (it, id) => it.hypervisor.machine(id).crash('signal SIGSEGV'),
      'terminated FAILED: The machine of the instance ended unexpectedly. -- [signal SIGSEGV]',
    ],
  ])('when %s', async (_title, happens, expected) => {
    const it = await freshCloud()
    const id = await it.run({ InstanceInitiatedShutdownBehavior: 'stop' })
    await it.idle()
    happens(it, id)
    await vi.waitFor(async () => expect(await told(it, id)).toBe(expected))
    await it.idle()
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.running.size).toBe(0)
  })

  test('takes the records along that ended two hours before', async () => {
    const it = await freshCloud()
    const ImageId = await it.register()
    const ids: string[] = []
    for (const minutes of [60, 60, 0]) {
      const id = await it.run({ ImageId })
      await it.call('TerminateInstances', { 'InstanceId.1': id })
      await it.idle()
      ids.push(id)
      await it.clock.advance(minutes * 60_000)
    }
    expect(it.cloud.instances.list().map(({ id }) => id)).toEqual(ids.slice(1))
  })

  test('while it is launched', async () => {
    const { around, starting } = gatedHypervisor()
    const it = await freshCloud({ around })
    const id = await it.run()
    await vi.waitFor(() => expect(starting).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.underWay.size + it.host.running.size).toBe(0)
  })

  test('while it is launched by a hypervisor that does not listen', async () => {
    let finish: () => void = () => undefined
    const slow = new Promise<void>((resolve) => {
      finish = resolve
    })
    const starting: string[] = []
    const around = (hypervisor: Hypervisor): Hypervisor => ({
      ...hypervisor,
      start: async (spec) => {
        starting.push(spec.id)
        await slow
        return hypervisor.start(spec)
      },
    })
    const it = await freshCloud({ around })
    const id = await it.run()
    await vi.waitFor(() => expect(starting).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    finish()
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(() => it.hypervisor.machine(id)).toThrow('no machine')
  })

  test('of a guest that is gone as soon as it was there', async () => {
    const around = (hypervisor: Hypervisor): Hypervisor => ({
      ...hypervisor,
      start: async (spec, options) => {
        const machine = await hypervisor.start(spec, options)
        await machine.powerButton()
        return machine
      },
    })
    const it = await freshCloud({ around })
    const id = await it.run()
    await it.idle()
    await vi.waitFor(async () => expect(await told(it, id)).toBe('terminated NORMAL: '))
  })
})

describe('a reboot', () => {
  test('of an obedient guest is at once, from the same disks', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    const first = it.hypervisor.machine(id)
    it.cloud.machines.reboot(id)
    await it.idle()
    const second = it.hypervisor.machine(id)
    expect(second).not.toBe(first)
    expect(second.spec).toEqual(first.spec)
    expect(await first.ended).toMatchObject({ reason: 'power-off' })
    expect(readdirSync(it.cloud.files.machine(id).folder)).toContain('console.log.old')
    expect(await told(it, id)).toBe('running ')
  })

  test('of a deaf guest comes after the grace', async () => {
    const pressed: string[] = []
    const it = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    const first = it.hypervisor.machine(id)
    it.cloud.machines.reboot(id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await it.clock.advance(59_999)
    expect(it.hypervisor.machine(id)).toBe(first)
    await it.clock.advance(1)
    await it.idle()
    expect(it.hypervisor.machine(id)).not.toBe(first)
    expect(await first.ended).toMatchObject({ reason: 'ended' })
    expect(await told(it, id)).toBe('running ')
  })

  test('is broken off by an end', async () => {
    const pressed: string[] = []
    const it = await freshCloud({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.running.size).toBe(0)
  })

  test('that fails ends the instance', async () => {
    let boots = 0
    const refuses = () => {
      boots += 1
      return boots > 1 ? 'no memory any more' : undefined
    }
    const it = await freshCloud({ guests: { refuses } })
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    await it.idle()
    expect(await told(it, id)).toContain(`[machine ${id} did not start: no memory any more]`)
  })

  test('that comes too late does nothing', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    it.hypervisor.machine(id).powerOff()
    it.cloud.machines.reboot(id)
    await it.idle()
    await vi.waitFor(async () => expect(await told(it, id)).toBe('terminated NORMAL: '))
  })

  test('asked for twice happens twice, one after the other', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    it.cloud.machines.reboot(id)
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    expect(it.host.running.size).toBe(1)
  })
})
