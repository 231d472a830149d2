import { randomBytes } from 'node:crypto'
import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { dataFiles } from './state/files.ts'
import { DataFolderInUse, lockDataFolder } from './state/lock.ts'

/** A new path for the data folder of an emulator that keeps nothing. */
export const nameTemporaryFolder = (): string => join(tmpdir(), `euca-emu-${randomBytes(8).toString('hex')}`)

const isTemporaryName = (name: string) => /^euca-emu-[0-9a-f]{16}$/.test(name)

/** Removes such a folder; another process may be at it, too. */
export const removeTemporaryFolder = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 3 })

/**
 * Whether somebody's run in a folder has begun and may be over. One with nothing in it, or with a lock that nobody has
 * signed yet, may be starting just now; one without a lock is what a removal left that was cut short.
 */
async function mayBeLeft(path: string): Promise<boolean> {
  const { uid } = await lstat(path)
  if (uid !== process.getuid?.()) return false
  const names = await readdir(path)
  const { lock } = dataFiles(path)
  return names.includes(basename(lock)) ? (await stat(lock)).size > 0 : names.length > 0
}

/**
 * Removes the temporary folders of this user's emulators that were killed. Their lock tells: a dead process cannot hold it,
 * and no living one is without, whatever process has got the dead one's id.
 */
export async function removeLeftTemporaryFolders(place = tmpdir()): Promise<void> {
  for (const entry of await readdir(place, { withFileTypes: true })) {
    if (!entry.isDirectory() || !isTemporaryName(entry.name)) continue
    const path = join(place, entry.name)
    try {
      if (!(await mayBeLeft(path))) continue
      const unlock = lockDataFolder(dataFiles(path).lock)
      await removeTemporaryFolder(path).finally(unlock)
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isGone && !(error instanceof DataFolderInUse)) throw error
    }
  }
}
