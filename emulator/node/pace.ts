import type { Clock } from '../state/clock.ts'

/** What the accelerator's probe takes, in ms, on two busy cores under translation (node.md section 6: 91 to 220). */
const usual = 250
const slowest = 8

/**
 * How many times longer than on an ordinary host waits have to be: 1 to 8, by how long the accelerator's probe took to
 * boot. A faster host changes nothing: the waits are for what hangs.
 */
export function paceOf(milliseconds: number): number {
  const pace = Math.min(slowest, Math.max(1, milliseconds / usual))
  return Math.round(pace * 10) / 10
}

/** A clock whose sleeps are `pace` times as long; the time that it tells is the same. */
export function slowed(clock: Clock, pace: number): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (milliseconds, signal) => clock.sleep(milliseconds * pace, signal),
  }
}
