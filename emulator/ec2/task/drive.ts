import type { Cloud } from '../../cloud.ts'

/** Errors that a client can do something about; all others are ours, and reported. */
const expected = new Set(['Fault', 'ImportRefused', 'DiskRefused', 'TemplateFailed'])

/** Whether an error says what is wrong with what a client gave us. */
export const isExpected = (error: unknown): boolean => error instanceof Error && expected.has(error.name)

/** The message of an error, as a task shows it. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** How a task of one kind goes on. */
export interface Drive<State extends string> {
  readonly id: string
  /** The state of the task as it is by now; undefined when it is gone. */
  readonly state: () => State | undefined
  /** What is done in a state, which it should leave; a state without a step is the end. */
  readonly steps: Partial<Record<State, (signal: AbortSignal) => Promise<void>>>
  /** Notes that a step failed, having cleaned up after it. */
  readonly fail: (error: unknown) => Promise<void>
}

/**
 * Takes a task from state to state until nothing is left to do. It begins in any state: so it goes on after a restart. A
 * cancellation breaks the step off and the next state is looked at; the stop of the emulator leaves the state as it is.
 */
export function drive<State extends string>(cloud: Cloud, { id, state, steps, fail }: Drive<State>): void {
  cloud.tasks.start(id, async (stopping) => {
    for (let now = state(); now !== undefined && !stopping.aborted; now = state()) {
      const step = steps[now]
      if (!step) return
      const before = now
      try {
        await cloud.conversions.breakable(id, stopping, step)
      } catch (error) {
        if (stopping.aborted) return
        // Cancelled meanwhile: what was broken off is no failure.
        if (state() !== before) continue
        await fail(error)
        if (!isExpected(error)) throw error
      }
    }
  })
}

/** Waits, while `signal` is not aborted, until `isSo` or `deadline` (ms of the wall clock) has passed; false then. */
export async function waitUntil(
  cloud: Cloud,
  isSo: () => Promise<boolean> | boolean,
  deadline: number,
  signal: AbortSignal,
): Promise<boolean> {
  while (!(await isSo())) {
    if (cloud.clock.now().getTime() >= deadline) return false
    await cloud.clock.sleep(1_000, signal)
  }
  return true
}
