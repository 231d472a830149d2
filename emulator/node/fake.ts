import { access, writeFile } from 'node:fs/promises'
import { createFakeMachine, type FakeMachine, type FakeSettings } from './fake-machine.ts'
import type { Hypervisor, MachineSpec } from './hypervisor.ts'
import { checkSpec } from './spec-check.ts'
import { uefiMissing } from './uefi-firmware.ts'

export type { FakeMachine, FakeSettings } from './fake-machine.ts'

/** A hypervisor whose machines can be had by id. */
export interface FakeHypervisor extends Hypervisor {
  /** The running machine with this id. Throws when none runs. */
  machine(id: string): FakeMachine
}

/** Puts the drives in. Throws when a file that the machine needs is missing or in use, or the firmware is. */
async function assemble(machine: FakeMachine, { boot, folder, drives }: MachineSpec, uefi: boolean): Promise<void> {
  const kernel = boot.kind === 'kernel' ? [boot.kernel, ...(boot.ramdisk === undefined ? [] : [boot.ramdisk])] : []
  for (const file of [folder, ...kernel]) await access(file)
  if (boot.kind === 'disk' && boot.uefiVariables !== undefined) {
    if (!uefi) throw new Error(uefiMissing)
    await writeFile(boot.uefiVariables, '', { flag: 'a', mode: 0o600 })
  }
  for (const drive of drives) await machine.plug(drive)
}

/** A hypervisor that boots nothing: each guest is up at once and does what a test tells it. Deterministic. */
export function fakeHypervisor(settings: FakeSettings = {}): FakeHypervisor {
  const machines = new Map<string, FakeMachine>()
  const locked = new Set<string>()
  const { uefi = true } = settings
  let isClosed = false
  return {
    describe: async () => ({ name: 'fake', version: '1', accelerator: 'none', pace: 0, uefi }),
    machine: (id) => {
      const machine = machines.get(id)
      if (!machine) throw new Error(`no machine ${id} runs`)
      return machine
    },
    start: async (spec, { signal } = {}) => {
      if (isClosed) throw new Error('the hypervisor is closed')
      if (machines.has(spec.id)) throw new Error(`machine ${spec.id} runs already`)
      signal?.throwIfAborted()
      checkSpec(spec)
      const machine = createFakeMachine(spec, settings, locked)
      machines.set(spec.id, machine)
      void machine.ended.then(() => machines.delete(spec.id))
      try {
        await assemble(machine, spec, uefi)
        const reason = settings.refuses?.(spec)
        if (reason !== undefined) throw new Error(`machine ${spec.id} did not start: ${reason}`)
        signal?.throwIfAborted()
        await machine.print(settings.greeting?.(spec) ?? `\r\n${spec.id} login: `)
        return machine
      } catch (error) {
        await machine.end()
        throw error
      }
    },
    close: async () => {
      isClosed = true
      await Promise.all([...machines.values()].map((machine) => machine.end()))
    },
  }
}
