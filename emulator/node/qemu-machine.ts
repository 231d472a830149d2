import { join } from 'node:path'
import type { Clock } from '../state/clock.ts'
import type { Machine, MachineEnd, MachineReset, MachineSpec } from './hypervisor.ts'
import { type QemuHost, qemuArguments } from './qemu-arguments.ts'
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts'
import { type Child, type Supervision, spawnSupervised } from './supervision.ts'

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
/** A reboot makes two to four reset events; those within this many ms of a reported one belong to it. */
const resetSettles = 1_000

/** What has been seen of a machine so far. */
class Observed {
  readonly resetListeners = new Set<(reset: MachineReset) => void>()
  #shutdownReason: string | undefined
  #endAsked = false
  #lastReset = Number.NEGATIVE_INFINITY
  readonly #clock: Clock
  constructor(clock: Clock) {
    this.#clock = clock
  }

  take({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN') this.#shutdownReason ??= String(data['reason'])
    if (event !== 'RESET') return
    const now = this.#clock.monotonic()
    if (now - this.#lastReset < resetSettles) return
    this.#lastReset = now
    const by = data['guest'] === true ? 'guest' : 'host'
    // What a listener throws is its own: it must not look like a broken QMP connection.
    for (const listener of this.resetListeners) queueMicrotask(() => listener({ by }))
  }

  /** From now on an end is the one asked for, unless the guest was going already. */
  askEnd(): void {
    this.#endAsked ||= this.#shutdownReason === undefined
  }

  /** Tells what the end was from the events before it, the exit and the last errors. */
  end(exit: Awaited<Child['exited']>, errors: string): MachineEnd {
    const detail = [`${this.#shutdownReason ?? 'no shutdown seen'}, ${exit.detail}`, errors].filter(Boolean).join(': ')
    if (this.#endAsked) return { reason: 'ended', detail }
    const clean = this.#shutdownReason === 'guest-shutdown' && exit.status === 0
    return { reason: clean ? 'power-off' : 'crash', detail }
  }
}

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

/** Waits for the process, which is on its way out, and kills it when that takes longer than a grace. */
async function exitWithin(child: Child, clock: Clock): Promise<void> {
  const gone = new AbortController()
  void clock.sleep(quitGrace, gone.signal).then(
    () => child.kill(),
    () => undefined,
  )
  await child.exited
  gone.abort()
}

/** Ends the process: by `quit`, and after a grace without asking. */
async function quit(child: Child, qmp: Qmp, clock: Clock): Promise<void> {
  // Refused, or closed before its answer: QEMU is ending already or has to be killed.
  const asked = qmp.execute('quit').catch(() => child.kill())
  await exitWithin(child, clock)
  await asked
}

/** Starts QEMU as the machine that `spec` describes; its errors go to `qemu.log` in the machine's folder. */
export async function startQemuMachine(
  spec: MachineSpec,
  installation: QemuInstallation,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Machine> {
  signal?.throwIfAborted()
  const args = qemuArguments(spec, installation)
  const { supervision, binary } = installation
  const child = await spawnSupervised(supervision, binary, args, join(spec.folder, 'qemu.log'))
  const observed = new Observed(clock)
  const qmp = await setGoing(child, observed, clock, signal).catch(async (error: unknown) => {
    child.kill()
    const { detail } = await child.exited
    signal?.throwIfAborted()
    throw new Error(`machine ${spec.id} did not start: ${(await child.output()) || detail}`, { cause: error })
  })
  // Without its connection a machine cannot be told to end, nor tell how it did.
  void qmp.closed.then(() => exitWithin(child, clock))
  const ended = Promise.all([child.exited, qmp.closed]).then(async ([exit]) => observed.end(exit, await child.output()))
  let ending: Promise<void> | undefined
  return {
    id: spec.id,
    pid: child.pid,
    ended,
    powerButton: async () => void (await qmp.execute('system_powerdown')),
    reset: async () => void (await qmp.execute('system_reset')),
    end: async () => {
      observed.askEnd()
      ending ??= quit(child, qmp, clock)
      await ending
      await ended
    },
    onReset: (listener) => {
      observed.resetListeners.add(listener)
      return () => void observed.resetListeners.delete(listener)
    },
  }
}
