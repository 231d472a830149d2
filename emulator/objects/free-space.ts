import type { Clock } from '../state/clock.ts'

/** The disk has too little room left for what a client sends. Its code is that of the system's own refusal. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull'
  readonly code = 'ENOSPC'
}

/** Where bytes go: to a file of their own, or into the index, whose own gaps they can fill. */
type Place = 'file' | 'index'

/** What is left of a disk for the store to fill. */
export interface FreeSpace {
  /** Takes that many bytes; where the disk has to be looked at it returns a promise, which rejects with DiskFull. */
  take(bytes: number, place: Place): Promise<void> | undefined
}

/** Where free bytes are found. */
interface Sources {
  /** On the disk. */
  disk(): Promise<number>
  /** In the index: what deletions left there, which the disk never gets back. */
  index(): number
}

/**
 * What stays free for the index to delete with, in bytes. LMDB must never meet a full disk itself: a commit that cannot
 * be written leaves lmdb 3.5.6 with broken memory, and the process dies.
 */
const reserve = 16 * 2 ** 20

/** After this many ms others may have filled the disk. */
const stale = 1000

/** Watches the bytes that are free. It looks seldom: half of what it found can be taken before the next time. */
export function watchFreeSpace({ disk, index }: Sources, clock: Clock): FreeSpace {
  let left = 0
  let until = 0
  const look = async (bytes: number, place: Place) => {
    const found = (await disk()) - reserve
    left = Math.max(0, found / 2 - bytes)
    until = clock.monotonic() + stale
    if (found >= bytes) return
    // Gaps may not fit: half of them are counted, and half of the reserve is for what does not.
    if (place === 'index' && found > -reserve / 2 && index() / 2 >= bytes) return
    throw new DiskFull(`the disk has no room for ${bytes} bytes: ${reserve} of it stay free`)
  }
  return {
    take(bytes, place) {
      if (bytes > left || clock.monotonic() > until) return look(bytes, place)
      left -= bytes
      return undefined
    },
  }
}
