import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFiles, privateFolder } from './state/files.ts'
import { DataFolderInUse, lockDataFolder } from './state/lock.ts'

/** The folder of one machine on which an installer fills a disk. */
export interface InstallationFolder {
  readonly path: string
  /** Lets go of it, so that the next start of the cloud removes what is still in it. */
  release(): void
}

const lockOf = (folder: string) => join(folder, 'LOCK')

/** Makes a folder in a data folder that is this process's for as long as it lives. */
export async function makeInstallationFolder(data: string): Promise<InstallationFolder> {
  const folder = dataFiles(data).installations
  await privateFolder(folder)
  const path = await mkdtemp(join(folder, 'installation-'))
  return { path, release: lockDataFolder(lockOf(path)) }
}

/** Removes the folders of those installations that ended without clearing up: killed, or with the power gone. */
export async function removeLeftInstallations(data: string): Promise<void> {
  const folder = dataFiles(data).installations
  await privateFolder(folder)
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    try {
      const unlock = lockDataFolder(lockOf(path))
      await rm(path, { recursive: true, force: true })
      unlock()
    } catch (error) {
      if (!(error instanceof DataFolderInUse)) throw error
    }
  }
}
