import { type Body, bodyOf, shownBytes } from './exchange.ts'
import { strikeOut } from './secrets.ts'

/** So much more is kept than shown that a secret which begins in what is shown can be recognised as one. */
const keptBytes = shownBytes + 4096

/** The beginning of a body that passes, and its length. */
export class KeptBytes {
  readonly #pieces: Buffer[] = []
  #bytes = 0

  /** Takes note of the next piece. It is copied, so that a body of any size can be let go. */
  add(piece: Uint8Array): void {
    const missing = keptBytes - this.#bytes
    if (missing > 0) this.#pieces.push(Buffer.from(piece.subarray(0, missing)))
    this.#bytes += piece.length
  }

  /** What is kept, a character for each byte. */
  get latin1(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  /** As readers see it, without these secrets; undefined when there was none. */
  shown(secrets: readonly string[]): Body | undefined {
    return bodyOf(Buffer.from(strikeOut(this.latin1, secrets), 'latin1'), this.#bytes)
  }
}
