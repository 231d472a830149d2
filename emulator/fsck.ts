import { access } from 'node:fs/promises'
import { type ChecksumAlgorithm, checksumOfParts, startChecksum } from '../src/protocol/signature/checksums.ts'
import { type Examination, examine } from './objects/examine.ts'
import { mend } from './objects/mend.ts'
import type { Sums } from './objects/verify.ts'
import { dataFiles } from './state/files.ts'
import { lockDataFolder } from './state/lock.ts'

export type { Examination }

const sums: Sums = {
  start: (algorithm) => startChecksum(algorithm as ChecksumAlgorithm),
  ofParts: (algorithm, type, parts) => checksumOfParts(algorithm as ChecksumAlgorithm, type, parts),
}

/** What is asked of an examination of a data folder. */
export interface FsckOptions {
  /** The data folder, absolute. */
  readonly data: string
  /** Whether what was found is made good, as far as that can be. */
  readonly repair: boolean
  readonly progress?: (done: number, total: number) => void
}

/**
 * Examines the Object Storage in a data folder on which no emulator runs. Throws DataFolderInUse, and the system's ENOENT
 * where there is no Object Storage.
 */
export async function fsck({ data, repair, progress }: FsckOptions): Promise<Examination> {
  const files = dataFiles(data)
  await access(files.objects)
  const unlock = lockDataFolder(files.lock)
  try {
    const found = await examine({ folder: files.objects, sums, ...(progress && { progress }) })
    if (repair && found.damage.length) await mend(files.objects, found.damage)
    return found
  } finally {
    unlock()
  }
}
