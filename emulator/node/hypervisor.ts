import type { DiskLayer } from '../disk/layer.ts'

/** A disk of a machine. Backing layers are only ever read. */
export type Drive = DiskLayer & {
  /** Names the drive within its machine: `[a-z][a-z0-9-]*`, at most 16 characters. */
  id: string
  /** What the guest reads as the disk's serial: `[A-Za-z0-9_-]*`; a virtio disk shows the first 20 characters. */
  serial: string
  /** True: a flush of the guest reaches the host's disk (EBS). False: it does not wait (instance-store). */
  durable: boolean
  readOnly?: boolean
}

/** What a machine starts from: its first disk's own boot loader (HVM), or a kernel given to it (paravirtual). */
export type Boot = { kind: 'disk' } | { kind: 'kernel'; kernel: string; ramdisk?: string; commandLine: string }

/** All that the node learns about an instance. Every path is absolute. */
export interface MachineSpec {
  /** `[a-z0-9-]`, at most 64 characters; one machine of a hypervisor at a time has it. */
  id: string
  /** Lower case; what the guest's firmware tables show as uuid and as serial. See `machineUuid`. */
  uuid: string
  /** The machine's own directory; exists, mode 0700. The hypervisor's log of the machine goes here. */
  folder: string
  memoryMiB: number
  cpus: number
  boot: Boot
  /** In the order in which the guest sees them: the first is vda. */
  drives: Drive[]
  /** File to which the serial console is appended. */
  console: string
}

/** Why a machine is no more: its guest switched it off, it broke, or `end` was called. */
export interface MachineEnd {
  reason: 'power-off' | 'crash' | 'ended'
  /** A sentence for a log: the guest's or QEMU's own reason, the last lines of its errors. */
  detail: string
}

/** A restart of the guest inside a machine that goes on. */
export interface MachineReset {
  by: 'guest' | 'host'
}

/** A started machine. */
export interface Machine {
  readonly id: string
  /** The process that carries it; undefined where there is none. */
  readonly pid: number | undefined
  /** MUST resolve exactly once and never reject. Afterwards no process of it is left and none of its files is open. */
  readonly ended: Promise<MachineEnd>
  /** Presses the ACPI power button. MUST resolve when pressed, not when the guest obeys. Rejects after the end. */
  powerButton(): Promise<void>
  /** Resets the machine at once, as the button on a box does. MUST be noticed by `onReset`. Rejects after the end. */
  reset(): Promise<void>
  /** Ends it now, without asking the guest. MUST resolve after `ended` did, however often it is called, and never reject. */
  end(): Promise<void>
  /** Calls `listener` once for each reset, the guest's own reboot included. Returns what takes the listener off. */
  onReset(listener: (reset: MachineReset) => void): () => void
}

/** What carries the machines, for `doctor` and for logs. */
export interface HypervisorDescription {
  name: 'qemu' | 'fake'
  version: string
  accelerator: Accelerator | 'none'
}

/** How a processor is had: by hardware (`kvm`, `hvf`) or by translation (`tcg`). */
export type Accelerator = 'kvm' | 'hvf' | 'tcg'

/** What boots machines. Every implementation passes `hypervisor.contract.ts`. */
export interface Hypervisor {
  /**
   * Starts a machine. MUST resolve when its processors run. MUST reject, with the reason and with nothing left
   * behind but log files, when it cannot: a file missing or in use, an id in use, no QEMU, or `signal` aborted.
   */
  start(spec: MachineSpec, options?: { signal?: AbortSignal }): Promise<Machine>
  /** Rejects when machines cannot be carried at all, with what to do about it. */
  describe(): Promise<HypervisorDescription>
  /** Ends every machine and refuses new ones. MUST resolve when all have ended. */
  close(): Promise<void>
}
