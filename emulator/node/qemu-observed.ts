import type { Clock } from '../state/clock.ts'
import type { MachineEnd, MachineReset } from './hypervisor.ts'
import type { QmpEvent } from './qmp.ts'
import type { Child } from './supervision.ts'

/** A reboot makes two to four reset events; those within this many ms of a reported one belong to it. */
const resetSettles = 1_000

/** What has been seen of a machine so far. */
export class Observed {
  readonly resetListeners = new Set<(reset: MachineReset) => void>()
  /** Resolves when the guest has switched itself off or given up: its processors stand still. */
  readonly stopped: Promise<void>
  #stop: () => void = () => undefined
  #shutdownReason: string | undefined
  #endAsked = false
  #lastReset = Number.NEGATIVE_INFINITY
  readonly #clock: Clock
  constructor(clock: Clock) {
    this.#clock = clock
    this.stopped = new Promise((resolve) => {
      this.#stop = resolve
    })
  }

  /** Takes an event into account. */
  take({ event, data }: QmpEvent): void {
    if (event === 'SHUTDOWN') {
      this.#shutdownReason ??= String(data['reason'])
      this.#stop()
    }
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
