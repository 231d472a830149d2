import { appendFile } from 'node:fs/promises'
import { type Duplex, duplexPair, Writable } from 'node:stream'
import { FakeDrives } from './fake-drives.ts'
import type {
  Machine,
  MachineEnd,
  MachineReset,
  MachineSnapshot,
  MachineSpec,
  MachineStall,
  SnapshotRequest,
} from './hypervisor.ts'
import { blankPicture } from './picture.ts'

/** A machine that boots nothing, with what a test makes its guest do. */
export interface FakeMachine extends Machine {
  readonly spec: MachineSpec
  /** The guest's side of its network card: what is written here comes out of `nic`. */
  readonly guestNic: Duplex | undefined
  /** What was typed on the serial console so far. */
  readonly typed: string
  /** The guest switches itself off. */
  powerOff(): void
  /** The machine breaks. */
  crash(detail: string): void
  /** The guest reboots. */
  reboot(): Promise<void>
  /** The guest prints on its console. */
  print(text: string): Promise<void>
  /** The host's disk is full, or has room again. */
  stall(stall: MachineStall): void
  /** The guest lets go of a drive, asked or not. */
  letGo(driveId: string): void
}

/** How the fake behaves. */
export interface FakeSettings {
  /** What a guest prints when it is up; by default its id and `login:`. */
  greeting?: (spec: MachineSpec) => string
  /** False for a guest that does not listen to its power button. */
  obeysPowerButton?: (spec: MachineSpec) => boolean
  /** False for a guest that does not let go of a drive when asked; nobody then waits for it. */
  letsGo?: (spec: MachineSpec, driveId: string) => boolean
  /** A reason for which this machine cannot start; undefined for none. */
  refuses?: (spec: MachineSpec) => string | undefined
  /** False for a host without a UEFI firmware. */
  uefi?: boolean
}

/** Both ends of a cable, closed together when `ended`. */
function cable(ended: Promise<unknown>): [nic: Duplex, guest: Duplex] {
  const ends = duplexPair() as [Duplex, Duplex]
  void ended.then(() => {
    for (const end of ends) end.destroy()
  })
  return ends
}

/** Collects what is typed. */
function keyboard(ended: Promise<unknown>) {
  const typed: string[] = []
  const serial = new Writable({
    write: (chunk, _, done) => {
      typed.push(String(chunk))
      done()
    },
  })
  // What is typed into the void is lost, as on any machine that is off.
  serial.on('error', () => undefined)
  void ended.then(() => serial.destroy())
  return { serial, typed: () => typed.join('') }
}

/** The part of a fake machine that starts, restarts and ends. */
class Course {
  readonly listeners = new Set<(reset: MachineReset) => void>()
  readonly stallListeners = new Set<(stall: MachineStall) => void>()
  readonly ended: Promise<MachineEnd>
  readonly #id: string
  isOver = false
  #finish: (end: MachineEnd) => void = () => undefined
  constructor(id: string) {
    this.#id = id
    this.ended = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  end(reason: MachineEnd['reason'], detail: string): void {
    this.isOver = true
    this.#finish({ reason, detail })
  }

  demandRunning(): void {
    if (this.isOver) throw new Error(`machine ${this.#id} has ended`)
  }
}

function drivesOf(drives: FakeDrives, course: Course, spec: MachineSpec, settings: FakeSettings) {
  return {
    plug: async (drive) => {
      course.demandRunning()
      await drives.plug(drive)
    },
    unplug: async (driveId, { force = false, signal } = {}) => {
      course.demandRunning()
      signal?.throwIfAborted()
      drives.ask(driveId)
      if (!force && !(settings.letsGo?.(spec, driveId) ?? true)) return 'busy'
      drives.remove(driveId)
      return 'unplugged'
    },
    addLayer: async (driveId, top) => {
      course.demandRunning()
      await drives.addLayer(driveId, top)
    },
    layers: (driveId) => drives.layers(driveId),
    mergeLayers: async (driveId, layers, signal) => {
      course.demandRunning()
      if (signal?.aborted) return false
      drives.merge(driveId, layers)
      return true
    },
    replaceBase: async (driveId, base) => {
      course.demandRunning()
      drives.replaceBase(driveId, base)
    },
    snapshot: (requests: readonly SnapshotRequest[], { signal, onProgress } = {}): MachineSnapshot => {
      const copy = async () => {
        course.demandRunning()
        signal?.throwIfAborted()
        const total = await drives.copy(requests)
        onProgress?.(total, total)
      }
      const done = copy()
      done.catch(() => undefined)
      return { taken: done, done }
    },
  } satisfies Pick<Machine, 'plug' | 'unplug' | 'addLayer' | 'layers' | 'mergeLayers' | 'replaceBase' | 'snapshot'>
}

/** Makes a machine without its drives, which has printed nothing yet; `locked` are the files that machines write to. */
export function createFakeMachine(spec: MachineSpec, settings: FakeSettings, locked: Set<string>): FakeMachine {
  const course = new Course(spec.id)
  const drives = new FakeDrives(spec.id, locked)
  void course.ended.then(() => drives.clear())
  const [nic, guestNic] = spec.network ? cable(course.ended) : []
  const { serial, typed } = keyboard(course.ended)
  const print = (text: string) => appendFile(spec.console, text, { mode: 0o600 })
  const restart = async (by: MachineReset['by']) => {
    course.demandRunning()
    drives.reset()
    for (const listener of course.listeners) listener({ by })
    await print(settings.greeting?.(spec) ?? `\r\n${spec.id} login: `)
  }
  return {
    id: spec.id,
    pid: undefined,
    ended: course.ended,
    ...{ spec, nic, guestNic, serial, print },
    vnc: undefined,
    screen: async () => {
      course.demandRunning()
      return spec.boot.kind === 'disk' ? blankPicture(640, 480) : undefined
    },
    get typed() {
      return typed()
    },
    get drives() {
      return drives.ids
    },
    ...drivesOf(drives, course, spec, settings),
    letGo: (driveId) => drives.remove(driveId),
    powerOff: () => course.end('power-off', 'guest-shutdown'),
    crash: (detail) => course.end('crash', detail),
    reboot: () => restart('guest'),
    reset: () => restart('host'),
    powerButton: async () => {
      course.demandRunning()
      if (settings.obeysPowerButton?.(spec) ?? true) course.end('power-off', 'guest-shutdown')
    },
    end: async () => {
      if (!course.isOver) course.end('ended', 'ended on request')
      await course.ended
    },
    stall: (stall) => {
      for (const listener of course.stallListeners) listener(stall)
    },
    onStall: (listener) => {
      course.stallListeners.add(listener)
      return () => void course.stallListeners.delete(listener)
    },
    onReset: (listener) => {
      course.listeners.add(listener)
      return () => void course.listeners.delete(listener)
    },
  }
}
