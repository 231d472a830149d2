import type { Duplex, Writable } from 'node:stream'
import type { DiskLayer } from '../disk/layer.ts'
import type { Picture } from './picture.ts'

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

/**
 * How many drives a machine has at most. Its PCI bus has 32 slots; the host bridge, the chipset, the screen, the network
 * card and the source of randomness take one each, whether this machine has them or not.
 */
export const maximumDrives = 27

/** What a machine starts from: its first disk's own boot loader (HVM), or a kernel given to it (paravirtual). */
export type Boot =
  | {
      kind: 'disk'
      /**
       * Starts by UEFI, not by the BIOS. The file in which the firmware keeps its variables; the hypervisor MUST make it, 0600,
       * when it is not there.
       */
      uefiVariables?: string
      /** An ISO image, as a disc in a drive that is started from when the disk does not boot; a keyboard comes with it. */
      installer?: string
    }
  | { kind: 'kernel'; kernel: string; ramdisk?: string; commandLine: string }

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
  /** In the order in which the guest sees them: the first is vda. At most `maximumDrives`. */
  drives: Drive[]
  /** The network card, with its unicast address in lower case, e.g. `d0:0d:6a:01:02:03`; without it the guest has none. */
  network?: { mac: string }
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

/**
 * A machine stands still, as a drive's file found no room on the host's disk; or that is over. `driveId` is undefined where
 * it is not known which drive it was.
 */
export interface MachineStall {
  driveId: string | undefined
  isOver: boolean
}

/** How a drive is taken out. */
export interface Unplugging {
  /** How long the guest has to let go, in ms; 10 s by default. */
  patience?: number
  /** True: a guest that does not let go in time loses the drive. All that it then asks of it fails with an I/O error. */
  force?: boolean
  /** Stops the waiting; the guest stays asked. */
  signal?: AbortSignal
}

/** One drive to copy, and the absolute path of the qcow2 file to make of it, which must not exist. */
export interface SnapshotRequest {
  driveId: string
  target: string
}

/** Copies in the making. `done` is to be awaited by whoever asks for them; it rejects whenever `taken` does. */
export interface MachineSnapshot {
  /** Resolves just after the instant whose data the copies hold: what the guest writes from then on is not in them. */
  readonly taken: Promise<void>
  /** Resolves when the copies are complete, on the host's disk and free for others to open. */
  readonly done: Promise<void>
}

/** What a snapshot can be told: when to give up, and whom to tell how far it is, in bytes, at the latest when it is done. */
export interface SnapshotOptions {
  signal?: AbortSignal
  onProgress?: (copied: number, total: number) => void
}

/** A started machine. */
export interface Machine {
  readonly id: string
  /** The process that carries it; undefined where there is none. */
  readonly pid: number | undefined
  /** MUST resolve exactly once and never reject. Afterwards no process of it is left and none of its files is open. */
  readonly ended: Promise<MachineEnd>
  /**
   * The far end of the cable in the guest's network card; undefined without `spec.network`. A stream of frames both ways:
   * length in 4 bytes, big-endian, then so many bytes of Ethernet frame, at most 65,536. While nobody reads, it MUST hold
   * the guest's frames back and lose none. MUST close with the machine. Closing it pulls the cable; the machine goes on.
   */
  readonly nic: Duplex | undefined
  /** What is written here is typed on the serial console. MUST close with the machine, and never throw for its end. */
  readonly serial: Writable
  /** A socket in the machine's folder on which a VNC client sees the screen; undefined for a machine without one. */
  readonly vnc: string | undefined
  /** What the screen shows now; undefined for a machine without one. Rejects after the end. */
  screen(): Promise<Picture | undefined>
  /** Ids of the drives whose files the machine holds, in the order in which it got them. */
  readonly drives: readonly string[]
  /** Presses the ACPI power button. MUST resolve when pressed, not when the guest obeys. Rejects after the end. */
  powerButton(): Promise<void>
  /** Resets the machine at once, as the button on a box does. MUST be noticed by `onReset`. Rejects after the end. */
  reset(): Promise<void>
  /**
   * Gives the running guest one more drive. MUST resolve when the drive is in, not when the guest has looked at it, and
   * MUST reject with nothing held when it cannot be: an id in use, a file missing or in use, no slot left, after the end.
   * When the hypervisor hangs it rejects after a while, and takes the drive out again should it come to plug it in.
   */
  plug(drive: Drive): Promise<void>
  /**
   * Asks the guest to let go of a drive. `unplugged`: the machine MUST no longer hold its files. `busy`: the guest did not
   * let go in time and still has it; it MUST go when the guest lets go later or is reset, and it may be asked again.
   * Rejects when there is no such drive, when the machine ends meanwhile, or when one that hangs is not forced in time.
   */
  unplug(driveId: string, options?: Unplugging): Promise<'unplugged' | 'busy'>
  /**
   * Has a drive write to an empty layer from now on. What the guest has flushed MUST be in the layers below by then, and
   * nothing of this machine writes to them any more, so that others may open them. MUST cost the same whatever the drive
   * holds. `top.backing` is what the drive was until now. Rejects, and the drive may be in either state, when it cannot.
   */
  addLayer(driveId: string, top: DiskLayer): Promise<void>
  /** The files of a drive's layers, deepest first; it writes to the last one. Throws when there is no such drive. */
  layers(driveId: string): readonly string[]
  /**
   * Has `base`, a layer beneath the one that is written to, take on what those directly above it hold, given deepest first
   * and without the highest, and lets go of them: nobody else has these files. What the guest sees MUST be the same at
   * every instant, also of the files when the machine breaks. Resolves with false, and nothing changed, when `signal` or
   * anything else that is done to the drive breaks it off. Rejects when it cannot.
   */
  mergeLayers(
    driveId: string,
    layers: { base: string; above: readonly string[] },
    signal?: AbortSignal,
  ): Promise<boolean>
  /**
   * Has the layer that is written to rest on another one, which shows the same as those beneath it, and lets go of those.
   * Rejects, and the drive may be in either state, when it cannot.
   */
  replaceBase(driveId: string, base: DiskLayer): Promise<void>
  /**
   * Copies drives as they all are at one instant, as a power cut would leave them, while the guest goes on: each becomes a
   * qcow2 file that rests on no other. MUST cost what the data costs, not the size of the disk. A machine that is to end
   * MUST finish its copies first, with its processors stopped. When one copy fails all do, and no target is left.
   */
  snapshot(requests: readonly SnapshotRequest[], options?: SnapshotOptions): MachineSnapshot
  /** Ends it now, without asking the guest. MUST resolve after `ended` did, however often it is called, and never reject. */
  end(): Promise<void>
  /**
   * Calls `listener` when the machine finds no room for what its guest writes, and again when it goes on, which it MUST do
   * by itself soon after there is room. Returns what takes the listener off.
   */
  onStall(listener: (stall: MachineStall) => void): () => void
  /** Calls `listener` once for each reset, the guest's own reboot included. Returns what takes the listener off. */
  onReset(listener: (reset: MachineReset) => void): () => void
}

/** What carries the machines, for `doctor` and for logs. */
export interface HypervisorDescription {
  name: 'qemu' | 'fake'
  version: string
  accelerator: Accelerator | 'none'
  /** How many times longer than on an ordinary host waits have to be: 1 or more; 0 where guests are up at once. */
  pace: number
  /** Whether machines can start by UEFI. */
  uefi: boolean
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
