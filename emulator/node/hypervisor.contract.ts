import { access, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../state/clock.ts'
import type { GuestBehaviour } from './boot-sector.contract.ts'
import type { Hypervisor, Machine, MachineReset, MachineSpec } from './hypervisor.ts'

/** One hypervisor under test, fresh for each check. */
export interface HypervisorHarness {
  hypervisor: Hypervisor
  /** What each guest prints when it is up. */
  text: string
  /** A spec in a folder of its own, whose guest does this once it is up. */
  spec(id: string, behaviour: GuestBehaviour): Promise<MachineSpec>
  /** Makes a started guest do what its spec says, for a hypervisor whose guests do not act by themselves. */
  act(machine: Machine, behaviour: GuestBehaviour): void
  /** Takes the guest away from outside, as a crash does. */
  crash(machine: Machine): void
  /** Throws when anything of the machine is left: its process, an open file in its folder. */
  gone(machine: Machine, spec: MachineSpec): Promise<void>
  /** Removes all that `spec` made; called after `close`. */
  dispose(): Promise<void>
}

/** Waits until the console file shows `text`; throws with what it shows after `seconds`. */
export async function consoleShows(file: string, text: string, seconds = 60): Promise<string> {
  const deadline = systemClock.monotonic() + seconds * 1000
  for (;;) {
    const shown = await readFile(file, 'latin1').catch(() => '')
    if (shown.includes(text)) return shown
    if (systemClock.monotonic() > deadline) {
      throw new Error(`no ${JSON.stringify(text)} within ${seconds} s on the console: ${shown.slice(-2000)}`)
    }
    await systemClock.sleep(20)
  }
}

/** Checks the obligations that `hypervisor.ts` states with MUST, on a harness made for each check. */
export function hypervisorContract(name: string, make: () => Promise<HypervisorHarness>): void {
  describe(`${name} keeps the hypervisor's obligations`, () => {
    let harness: HypervisorHarness
    beforeEach(async () => {
      harness = await make()
    })
    afterEach(async () => {
      await harness.hypervisor.close()
      await harness.dispose()
    })

    /** Starts a guest and waits until it is up. */
    async function up(behaviour: GuestBehaviour): Promise<{ machine: Machine; spec: MachineSpec }> {
      const spec = await harness.spec(`i-${behaviour}`, behaviour)
      const machine = await harness.hypervisor.start(spec)
      await consoleShows(spec.console, harness.text)
      return { machine, spec }
    }

    test('a guest runs, prints on its console and ends when told to, however often', async () => {
      const { machine, spec } = await up('idles')
      expect(machine.id).toBe(spec.id)
      await Promise.all([machine.end(), machine.end()])
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
      await machine.end()
      await harness.gone(machine, spec)
    })

    test('a guest that switches itself off is noticed', async () => {
      const { machine, spec } = await up('powers-off')
      harness.act(machine, 'powers-off')
      expect(await machine.ended).toMatchObject({ reason: 'power-off' })
      await harness.gone(machine, spec)
    })

    test('the power button is obeyed by a guest that listens', async () => {
      const { machine, spec } = await up('obeys-the-button')
      await machine.powerButton()
      expect(await machine.ended).toMatchObject({ reason: 'power-off' })
      await harness.gone(machine, spec)
    })

    test('the power button is only pressed: a guest that does not listen goes on until its end', async () => {
      const { machine } = await up('idles')
      await machine.powerButton()
      await machine.end()
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
    })

    test('a crash is noticed', async () => {
      const { machine, spec } = await up('idles')
      harness.crash(machine)
      expect(await machine.ended).toMatchObject({ reason: 'crash' })
      await harness.gone(machine, spec)
    })

    test("a guest's reboot is noticed and the machine goes on", async () => {
      const { machine } = await up('reboots')
      const seen = new Promise<MachineReset>((resolve) => machine.onReset(resolve))
      harness.act(machine, 'reboots')
      expect(await seen).toEqual({ by: 'guest' })
      await machine.end()
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
    })

    test('a reset from outside is noticed and appends to the console', async () => {
      const { machine, spec } = await up('idles')
      const seen = new Promise<MachineReset>((resolve) => machine.onReset(resolve))
      await machine.reset()
      expect(await seen).toEqual({ by: 'host' })
      const twice = new RegExp(`${harness.text}.*${harness.text}`, 's')
      await expect.poll(() => readFile(spec.console, 'latin1'), { timeout: 60_000 }).toMatch(twice)
    })

    test('a listener that was taken off hears nothing', async () => {
      const { machine } = await up('idles')
      const heard: MachineReset[] = []
      machine.onReset((reset) => heard.push(reset))()
      const seen = new Promise((resolve) => machine.onReset(resolve))
      await machine.reset()
      await seen
      expect(heard).toEqual([])
    })

    test('after the end the buttons are refused', async () => {
      const { machine } = await up('idles')
      await machine.end()
      await expect(machine.powerButton()).rejects.toThrow()
      await expect(machine.reset()).rejects.toThrow()
    })

    test('a machine can be started again with the same id, folder and disk; the console goes on', async () => {
      const { machine, spec } = await up('idles')
      void machine.end()
      await machine.ended
      const starting = harness.hypervisor.start(spec)
      const before = await readFile(spec.console, 'latin1')
      await starting
      await expect
        .poll(async () => (await readFile(spec.console)).length, { timeout: 60_000 })
        .toBeGreaterThan(before.length)
      expect(await readFile(spec.console, 'latin1')).toContain(before)
    })

    test('an id in use is refused, and so is a disk in use; the first machine goes on', async () => {
      const { machine, spec } = await up('obeys-the-button')
      await expect(harness.hypervisor.start(spec)).rejects.toThrow(spec.id)
      const other = await harness.spec('i-other', 'idles')
      await expect(harness.hypervisor.start({ ...other, drives: spec.drives })).rejects.toThrow(/lock/)
      await machine.powerButton()
      expect(await machine.ended).toMatchObject({ reason: 'power-off' })
    })

    test('a missing disk is refused by name, and the id is free again', async () => {
      const spec = await harness.spec('i-1', 'idles')
      const file = spec.drives[0]!.file
      await rename(file, `${file}.away`)
      await expect(harness.hypervisor.start(spec)).rejects.toThrow(file)
      await rename(`${file}.away`, file)
      expect(await harness.hypervisor.start(spec)).toMatchObject({ id: 'i-1' })
    })

    test('the variables of UEFI are made for their owner alone, and stay what they are', async () => {
      const plain = await harness.spec('i-1', 'idles')
      const uefiVariables = join(plain.folder, 'uefi')
      const spec: MachineSpec = { ...plain, boot: { kind: 'disk', uefiVariables } }
      const start = async () => {
        const machine = await harness.hypervisor.start(spec)
        const { ino, mode } = await stat(uefiVariables)
        await machine.end()
        await harness.gone(machine, spec)
        return { ino, access: mode & 0o777 }
      }
      const first = await start()
      expect(first.access).toBe(0o600)
      expect(await start()).toEqual(first)
    })

    test('an aborted start rejects with the reason of the abort', async () => {
      const spec = await harness.spec('i-1', 'idles')
      const abort = new AbortController()
      const starting = harness.hypervisor.start(spec, { signal: abort.signal })
      abort.abort(new Error('changed my mind'))
      await expect(starting).rejects.toThrow('changed my mind')
    })

    test('a start that was aborted before it was asked for touches nothing, and the id stays free', async () => {
      const spec = await harness.spec('i-1', 'idles')
      const signal = AbortSignal.abort(new Error('changed my mind'))
      const missing = { ...spec, drives: spec.drives.map((drive) => ({ ...drive, file: `${drive.file}.missing` })) }
      for (const each of [spec, missing]) {
        await expect(harness.hypervisor.start(each, { signal })).rejects.toThrow('changed my mind')
      }
      await expect(access(spec.console)).rejects.toThrow('ENOENT')
      expect(await harness.hypervisor.start(spec)).toMatchObject({ id: 'i-1' })
    })

    test('close ends every machine and refuses new ones', async () => {
      const { machine, spec } = await up('idles')
      await harness.hypervisor.close()
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
      await harness.gone(machine, spec)
      await expect(harness.hypervisor.start(spec)).rejects.toThrow('closed')
      await harness.hypervisor.close()
    })
  })
}
