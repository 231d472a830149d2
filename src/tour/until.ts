import { setTimeout } from 'node:timers/promises'
import { ProofFailed } from './proofs.ts'

/** Seconds that anything may take: a boot takes ten of them on an idle machine without hardware virtualization. */
const patience = 180

/** What is waited for. */
export interface Wait<Seen> {
  /** Such as `i-1a2b3c4d running`. */
  readonly what: string
  readonly look: () => Promise<Seen>
  readonly isSo: (seen: Seen) => boolean
  readonly signal: AbortSignal
  /** Seconds until it counts as failed. */
  readonly within?: number
}

/** Looks again and again, and gives what was seen when it is so. Throws ProofFailed with what was seen last. */
export async function until<Seen>({ what, look, isSo, signal, within = patience }: Wait<Seen>): Promise<Seen> {
  const deadline = performance.now() + within * 1000
  for (;;) {
    signal.throwIfAborted()
    const seen = await look()
    if (isSo(seen)) return seen
    if (performance.now() > deadline) {
      throw new ProofFailed(`${what}: not within ${within} s`, typeof seen === 'string' ? seen : JSON.stringify(seen))
    }
    await setTimeout(100, undefined, { signal })
  }
}
