/** Keeps the files of overwritten and deleted objects until their last reader is done. */
export interface Leases {
  /** Holds files for one reader; the returned function, which may be called twice, lets them go. */
  take(ids: readonly string[]): () => void
  /** Resolves when nobody reads the file any more. */
  free(id: string): Promise<void>
}

/** Makes the book of readers of one process. */
export function createLeases(): Leases {
  const readers = new Map<string, number>()
  const waiting = new Map<string, () => void>()
  const letGo = (id: string) => {
    const left = (readers.get(id) ?? 1) - 1
    if (left > 0) return readers.set(id, left)
    readers.delete(id)
    waiting.get(id)?.()
    return waiting.delete(id)
  }
  return {
    take(ids) {
      for (const id of ids) readers.set(id, (readers.get(id) ?? 0) + 1)
      let held = true
      return () => {
        if (held) for (const id of ids) letGo(id)
        held = false
      }
    },
    free: (id) => new Promise((resolve) => (readers.has(id) ? waiting.set(id, resolve) : resolve())),
  }
}
