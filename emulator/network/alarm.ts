import type { Clock } from '../state/clock.ts'

/** One deadline that is moved often and rarely reached: moving it later costs no new sleep. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #due = Number.POSITIVE_INFINITY
  #wakes = Number.POSITIVE_INFINITY
  #sleep: AbortController | undefined

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings once, `milliseconds` from now, unless it is set anew or cleared before. */
  set(milliseconds: number): void {
    this.#due = this.#clock.monotonic() + milliseconds
    if (this.#due >= this.#wakes) return
    this.#sleep?.abort()
    this.#start()
  }

  /** Whether it will ring. */
  get isSet(): boolean {
    return this.#due !== Number.POSITIVE_INFINITY
  }

  /** Does not ring, until it is set again. */
  clear(): void {
    this.#due = Number.POSITIVE_INFINITY
  }

  /** Does not ring and leaves nothing that sleeps. */
  close(): void {
    this.clear()
    this.#sleep?.abort()
    this.#sleep = undefined
    this.#wakes = Number.POSITIVE_INFINITY
  }

  #start(): void {
    const sleep = new AbortController()
    this.#sleep = sleep
    this.#wakes = this.#due
    this.#clock.sleep(this.#due - this.#clock.monotonic(), sleep.signal).then(
      () => {
        if (this.#sleep === sleep) this.#woke()
      },
      // Only `set` and `close` abort it, and they have replaced it.
      (reason) => {
        if (!sleep.signal.aborted) throw reason
      },
    )
  }

  #woke(): void {
    this.#sleep = undefined
    this.#wakes = Number.POSITIVE_INFINITY
    if (!this.isSet) return
    if (this.#clock.monotonic() < this.#due) {
      this.#start()
      return
    }
    this.clear()
    this.#ring()
  }
}
