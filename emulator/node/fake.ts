import { access, appendFile } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import type { Hypervisor, Machine, MachineEnd, MachineReset, MachineSpec } from './hypervisor.ts'

/** A machine that boots nothing, with what a test makes its guest do. */
export interface FakeMachine extends Machine {
  readonly spec: MachineSpec
  /** The guest switches itself off. */
  powerOff(): void
  /** The machine breaks. */
  crash(detail: string): void
  /** The guest reboots. */
  reboot(): Promise<void>
  /** The guest prints on its console. */
  print(text: string): Promise<void>
}

/** A hypervisor whose machines can be had by id. */
export interface FakeHypervisor extends Hypervisor {
  /** The running machine with this id. Throws when none runs. */
  machine(id: string): FakeMachine
}

/** How the fake behaves. */
export interface FakeSettings {
  /** What a guest prints when it is up; by default its id and `login:`. */
  greeting?: (spec: MachineSpec) => string
  /** False for a guest that does not listen to its power button. */
  obeysPowerButton?: (spec: MachineSpec) => boolean
  /** A reason for which this machine cannot start; undefined for none. */
  refuses?: (spec: MachineSpec) => string | undefined
}

const filesOf = (layer: DiskLayer): string[] => [
  layer.file,
  ...(layer.format === 'qcow2' && layer.backing ? filesOf(layer.backing) : []),
]

/** Throws when a file that the machine needs is missing, or when a running machine writes to one of its disks. */
async function checkFiles(spec: MachineSpec, running: Iterable<FakeMachine>): Promise<void> {
  const { boot, drives } = spec
  const kernel = boot.kind === 'kernel' ? [boot.kernel, ...(boot.ramdisk === undefined ? [] : [boot.ramdisk])] : []
  for (const file of [spec.folder, ...kernel, ...drives.flatMap(filesOf)]) await access(file)
  const written = new Set([...running].flatMap((machine) => machine.spec.drives).map(({ file }) => file))
  for (const { file } of drives) if (written.has(file)) throw new Error(`another machine holds the lock of ${file}`)
}

function createMachine(spec: MachineSpec, settings: FakeSettings): FakeMachine {
  const listeners = new Set<(reset: MachineReset) => void>()
  let over = false
  let finish: (end: MachineEnd) => void = () => undefined
  const ended = new Promise<MachineEnd>((resolve) => {
    finish = resolve
  })
  const end = (reason: MachineEnd['reason'], detail: string) => {
    over = true
    finish({ reason, detail })
  }
  const whileRunning = () => {
    if (over) throw new Error(`machine ${spec.id} has ended`)
  }
  const print = (text: string) => appendFile(spec.console, text)
  const restart = async (by: MachineReset['by']) => {
    whileRunning()
    for (const listener of listeners) listener({ by })
    await print(settings.greeting?.(spec) ?? `\r\n${spec.id} login: `)
  }
  return {
    id: spec.id,
    pid: undefined,
    spec,
    ended,
    print,
    powerOff: () => end('power-off', 'guest-shutdown'),
    crash: (detail) => end('crash', detail),
    reboot: () => restart('guest'),
    reset: () => restart('host'),
    powerButton: async () => {
      whileRunning()
      if (settings.obeysPowerButton?.(spec) ?? true) end('power-off', 'guest-shutdown')
    },
    end: async () => {
      if (!over) end('ended', 'ended on request')
      await ended
    },
    onReset: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** A hypervisor that boots nothing: each guest is up at once and does what a test tells it. Deterministic. */
export function fakeHypervisor(settings: FakeSettings = {}): FakeHypervisor {
  const machines = new Map<string, FakeMachine>()
  let isClosed = false
  return {
    describe: async () => ({ name: 'fake', version: '1', accelerator: 'none' }),
    machine: (id) => {
      const machine = machines.get(id)
      if (!machine) throw new Error(`no machine ${id} runs`)
      return machine
    },
    start: async (spec, { signal } = {}) => {
      if (isClosed) throw new Error('the hypervisor is closed')
      if (machines.has(spec.id)) throw new Error(`machine ${spec.id} runs already`)
      const others = [...machines.values()]
      const machine = createMachine(spec, settings)
      machines.set(spec.id, machine)
      void machine.ended.then(() => machines.delete(spec.id))
      try {
        await checkFiles(spec, others)
        const reason = settings.refuses?.(spec)
        if (reason !== undefined) throw new Error(`machine ${spec.id} did not start: ${reason}`)
        signal?.throwIfAborted()
        await machine.print(settings.greeting?.(spec) ?? `\r\n${spec.id} login: `)
        return machine
      } catch (error) {
        machines.delete(spec.id)
        throw error
      }
    },
    close: async () => {
      isClosed = true
      await Promise.all([...machines.values()].map((machine) => machine.end()))
    },
  }
}
