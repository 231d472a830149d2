const first = 1000
const least = 200
const most = 10_000

/** How long to wait for an acknowledgment, in milliseconds (RFC 6298). */
export class RoundTrip {
  #smoothed: number | undefined
  #variation = 0
  #backoff = 0

  /** The time after which a segment counts as lost. */
  get timeout(): number {
    const base = this.#smoothed === undefined ? first : this.#smoothed + 4 * this.#variation
    return Math.min(most, Math.max(least, base) * 2 ** this.#backoff)
  }

  /** Takes the time that a segment, sent once, needed to be acknowledged. */
  measured(milliseconds: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = milliseconds
      this.#variation = milliseconds / 2
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - milliseconds)
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * milliseconds
    }
  }

  /** Doubles the timeout, until `progressed`. */
  timedOut(): void {
    this.#backoff = Math.min(this.#backoff + 1, 16)
  }

  /** Something new was acknowledged. */
  progressed(): void {
    this.#backoff = 0
  }
}
