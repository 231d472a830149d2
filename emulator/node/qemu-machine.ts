import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Clock } from '../state/clock.ts'
import { boundConsole } from './console-bound.ts'
import type {
  Machine,
  MachineSnapshot,
  MachineSpec,
  MachineStall,
  SnapshotOptions,
  SnapshotRequest,
} from './hypervisor.ts'
import { type QemuHost, qemuArguments, vncSocket } from './qemu-arguments.ts'
import { QemuDrives } from './qemu-drives.ts'
import { Observed } from './qemu-observed.ts'
import { screenOf } from './qemu-screen.ts'
import { copyDrives } from './qemu-snapshot.ts'
import { goOnWhenThereIsRoom } from './qemu-stall.ts'
import { connectQmp, type Qmp } from './qmp.ts'
import { type Child, type Supervision, spawnSupervised } from './supervision.ts'
import { findUefiFirmware, provideVariables, uefiMissing } from './uefi-firmware.ts'

/** The QEMU that machines run on. */
export interface QemuInstallation extends QemuHost {
  binary: string
  version: string
  supervision: Supervision
}

/** From spawn to QMP's greeting, in ms; 30-110 when all is well. */
const startLimit = 60_000
/** How long QEMU may take over `quit` before it is killed, in ms. */
const quitGrace = 5_000

/** Connects and lets the processors run. Kills the child when `signal` aborts or QEMU takes too long. */
async function setGoing(child: Child, observed: Observed, clock: Clock, signal?: AbortSignal): Promise<Qmp> {
  const going = new AbortController()
  const watched = signal ? AbortSignal.any([signal, going.signal]) : going.signal
  void clock.sleep(startLimit, watched).then(
    () => child.kill(),
    () => {
      if (signal?.aborted) child.kill()
    },
  )
  try {
    const qmp = await connectQmp(child.channel, (event) => observed.take(event))
    await qmp.execute('cont')
    signal?.throwIfAborted()
    return qmp
  } finally {
    going.abort()
  }
}

/** Waits for `sign` from a process that is on its way out, and kills it when that takes longer than a grace. */
async function within(child: Child, clock: Clock, sign: Promise<unknown>): Promise<void> {
  const seen = new AbortController()
  void clock.sleep(quitGrace, seen.signal).then(
    () => child.kill(),
    () => undefined,
  )
  await sign
  seen.abort()
}

/** Ends the process when its copies are made, its processors standing still: by `quit`, after a grace without asking. */
async function quit(child: Child, qmp: Qmp, drives: QemuDrives, clock: Clock): Promise<void> {
  // Refused, or closed before the answer: QEMU is ending already or has to be killed.
  const ask = (command: string) => qmp.execute(command).catch(() => child.kill())
  await within(child, clock, ask('stop'))
  await drives.copied()
  const asked = ask('quit')
  await within(child, clock, child.exited)
  await asked
}

/** The program of the UEFI firmware for a machine that starts by it, whose variables are in place then. Throws when there is none. */
async function uefiCode({ boot }: MachineSpec, binary: string): Promise<string | undefined> {
  if (boot.kind !== 'disk' || boot.uefiVariables === undefined) return undefined
  // Looked for each time: it may have been installed meanwhile.
  const firmware = await findUefiFirmware(binary)
  if (firmware === undefined) throw new Error(uefiMissing)
  await provideVariables(firmware, boot.uefiVariables)
  return firmware.code
}

/** Starts QEMU, paused no longer. Throws, with nothing left of it, when it does not come up. */
async function launch(spec: MachineSpec, installation: QemuInstallation, clock: Clock, signal?: AbortSignal) {
  const { supervision, binary } = installation
  const args = qemuArguments(spec, installation, await uefiCode(spec, binary))
  const log = join(spec.folder, 'qemu.log')
  const files = { log, folder: spec.folder, output: spec.console, secondChannel: spec.network !== undefined }
  const child = await spawnSupervised(supervision, binary, args, files)
  const { input: serial, secondChannel: nic } = child
  // That the machine is gone, `ended` tells.
  serial.on('error', () => undefined)
  const handOver = nic && held(nic)
  const observed = new Observed(clock)
  const qmp = await setGoing(child, observed, clock, signal).catch(async (error: unknown) => {
    child.kill()
    const { detail } = await child.exited
    signal?.throwIfAborted()
    throw new Error(`machine ${spec.id} did not start: ${(await child.output()) || detail}`, { cause: error })
  })
  handOver?.()
  return { child, qmp, observed, serial, nic }
}

/** Keeps what arrives until somebody reads, as streams that nobody listens to are drained. Returns what lets go. */
function held(nic: Duplex): () => void {
  const hold = () => undefined
  nic.on('readable', hold)
  // A frame on its way into a machine that ends is lost, as in any machine.
  nic.on('error', () => undefined)
  return () => void nic.off('readable', hold)
}

/** `snapshot` of a machine: both promises of one copy. */
function snapshots(drives: QemuDrives, qmp: Qmp, clock: Clock) {
  let count = 0
  return (requests: readonly SnapshotRequest[], options: SnapshotOptions = {}): MachineSnapshot => {
    const means = { ...options, name: `copy-${++count}`, qmp, drives, clock }
    let take: () => void = () => undefined
    const instant = new Promise<void>((resolve) => {
      take = resolve
    })
    const done = copyDrives(requests, means, take)
    // `done` tells what went wrong.
    for (const { driveId } of requests) if (drives.ids.includes(driveId)) drives.copying(driveId, done)
    const taken = Promise.race([instant, done])
    taken.catch(() => undefined)
    return { taken, done }
  }
}

/** Starts QEMU as the machine that `spec` describes; its errors go to `qemu.log` in the machine's folder. */
export async function startQemuMachine(
  spec: MachineSpec,
  installation: QemuInstallation,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Machine> {
  signal?.throwIfAborted()
  const { child, qmp, observed, serial, nic } = await launch(spec, installation, clock, signal)
  const drives = new QemuDrives(spec, qmp, clock)
  // Without its connection a machine cannot be told to end, nor tell how it did.
  void qmp.closed.then(() => within(child, clock, child.exited))
  const ended = Promise.all([child.exited, qmp.closed]).then(async ([exit]) => observed.end(exit, await child.output()))
  let leaving: Promise<void> | undefined
  const stays = new AbortController()
  const leave = () => {
    stays.abort(new Error(`machine ${spec.id} ends`))
    leaving ??= quit(child, qmp, drives, clock)
    return leaving
  }
  void qmp.closed.then(() => stays.abort(new Error(`machine ${spec.id} has ended`)))
  void boundConsole(spec.console, clock, stays.signal)
  const stallListeners = new Set<(stall: MachineStall) => void>()
  const onStall = (stall: MachineStall) => {
    for (const listener of stallListeners) queueMicrotask(() => listener(stall))
  }
  goOnWhenThereIsRoom({ qmp, clock, driveOn: (node) => drives.on(node), leaving: stays.signal, onStall })
  void observed.stopped.then(leave)
  return {
    id: spec.id,
    pid: child.pid,
    ended,
    nic,
    serial,
    vnc: vncSocket(spec),
    screen: screenOf(spec, qmp),
    get drives() {
      return drives.ids
    },
    plug: (drive) => drives.plug(drive),
    unplug: (driveId, options = {}) => drives.unplug(driveId, options),
    addLayer: (driveId, top) => drives.addLayer(driveId, top),
    layers: (driveId) => drives.merges.files(driveId),
    mergeLayers: (driveId, layers, signal) => drives.merges.merge(driveId, layers, signal),
    replaceBase: (driveId, base) => drives.merges.replaceBase(driveId, base),
    snapshot: snapshots(drives, qmp, clock),
    powerButton: async () => void (await qmp.execute('system_powerdown')),
    reset: async () => void (await qmp.execute('system_reset')),
    end: async () => {
      observed.askEnd()
      await leave()
      await ended
    },
    onStall: (listener) => {
      stallListeners.add(listener)
      return () => void stallListeners.delete(listener)
    },
    onReset: (listener) => {
      observed.resetListeners.add(listener)
      return () => void observed.resetListeners.delete(listener)
    },
  }
}
