import { stat, truncate } from 'node:fs/promises'
import { execa } from 'execa'
import type { Clock } from '../state/clock.ts'
import { spawnSealed } from '../state/spawn-sealed.ts'

/** How much of what a guest wrote on its console is kept, in bytes. */
export const consoleKeptBytes = 16 * 2 ** 20

/** How often a console is looked at, in ms: a guest writes a few MiB in that time. */
const lookEvery = 10_000

/** Frees what stands before a place in a file, which keeps its size. Rejects where the system or the file system cannot. */
const punch = (path: string, bytes: number) =>
  spawnSealed(['ignore', 'ignore', 'ignore'], (stdio) =>
    execa('fallocate', ['--punch-hole', '--offset', '0', '--length', String(bytes), '--', path], { stdio }),
  )

/** Frees all but the last `kept` bytes of a file once it takes up twice as much. */
async function bound(path: string, kept: number): Promise<void> {
  const { size, blocks } = await stat(path)
  if (blocks * 512 <= 2 * kept) return
  // Where no hole can be made, all goes: a guest that talks without end must not fill the disk.
  await punch(path, size - kept).catch(() => truncate(path))
}

/**
 * Sees to it that the console's file, which grows at its end, never takes up much more than twice what is kept of it,
 * until `signal` is aborted. Its beginning then reads as zeros.
 */
export async function boundConsole(path: string, clock: Clock, signal: AbortSignal, kept = consoleKeptBytes) {
  while (!signal.aborted) {
    await clock.sleep(lookEvery, signal).catch(() => undefined)
    // Not there at a reboot; the next one is looked at in its turn.
    await bound(path, kept).catch(() => undefined)
  }
}
