/** The same stream; `tap` sees each chunk before it is passed on. */
export async function* tapped(
  source: AsyncIterable<Uint8Array>,
  tap: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    tap(chunk)
    yield chunk
  }
}

/**
 * The stream again in buffers of `size` bytes; only the last one is shorter, and none is empty. The first begins with
 * `leading` zeros, fewer than `size`.
 */
export async function* pieces(source: AsyncIterable<Uint8Array>, size: number, leading = 0): AsyncGenerator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(size).fill(0, 0, leading)
  let filled = leading
  for await (const chunk of source) {
    for (let taken = 0; taken < chunk.length; ) {
      const next = chunk.subarray(taken, taken + size - filled)
      piece.set(next, filled)
      filled += next.length
      taken += next.length
      if (filled < size) continue
      yield piece
      piece = Buffer.allocUnsafeSlow(size)
      filled = 0
    }
  }
  if (filled > 0) yield Buffer.from(piece.subarray(0, filled))
}

/** The last stage of a pipeline, with the error it failed with. */
export interface LastStage {
  readonly run: (source: AsyncIterable<Uint8Array>) => Promise<void>
  /**
   * What went wrong first, given what the pipeline rejected with: the signal's own reason when it was aborted, else the
   * stage's error where the pipeline tells of an AbortError. A stage that fails destroys the stream it reads from, and
   * pipeline often hears of that before it hears of the stage.
   */
  readonly firstError: (rejection: unknown, signal: AbortSignal | undefined) => unknown
}

/** Watches the last stage of a pipeline, so that its error is not lost. */
export function lastStage(stage: (source: AsyncIterable<Uint8Array>) => Promise<void>): LastStage {
  let failure: { error: unknown } | undefined
  return {
    run: async (source) => {
      try {
        await stage(source)
      } catch (error) {
        failure = { error }
        throw error
      }
    },
    firstError: (rejection, signal) => {
      if (!(rejection instanceof Error && rejection.name === 'AbortError')) return rejection
      if (signal?.aborted) return signal.reason
      return failure ? failure.error : rejection
    },
  }
}
