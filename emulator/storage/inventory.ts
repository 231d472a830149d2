import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ownerOf, type StorageFiles } from './files.ts'

/** What there is, and what it takes of the host's disk; bytes count once, however many volumes and snapshots share them. */
export interface StorageUsage {
  volumes: number
  snapshots: number
  bytesAllocated: number
}

/** The ids of the volumes and snapshots whose disks the records say exist. */
export interface KnownDisks {
  volumes: Iterable<string>
  snapshots: Iterable<string>
}

/** Counts the disks and the blocks that they take. */
export async function usage(files: StorageFiles): Promise<StorageUsage> {
  const blocks = new Map<bigint, bigint>()
  const ids = new Set<string>()
  for (const folder of [files.volumes, files.snapshots]) {
    for (const name of await readdir(folder)) {
      const file = await lstat(join(folder, name), { bigint: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
      // One that was deleted meanwhile takes nothing.
      if (!file) continue
      const owner = ownerOf(name)
      if (owner?.layer !== undefined && owner.kind !== 'base') ids.add(owner.id)
      blocks.set(file.ino, file.blocks)
    }
  }
  const count = (prefix: string) => [...ids].filter((id) => id.startsWith(prefix)).length
  return {
    volumes: count('vol-'),
    snapshots: count('snap-'),
    bytesAllocated: [...blocks.values()].reduce((sum, each) => sum + Number(each) * 512, 0),
  }
}

/** Removes the files of ids that are not known, and unfinished ones; names that are not ours stay. */
export async function sweep(files: StorageFiles, known: KnownDisks): Promise<string[]> {
  const removed: string[] = []
  for (const [folder, ids] of [
    [files.volumes, new Set(known.volumes)],
    [files.snapshots, new Set(known.snapshots)],
  ] as const) {
    for (const name of await readdir(folder)) {
      const owner = ownerOf(name)
      if (!owner || (ids.has(owner.id) && owner.layer !== undefined)) continue
      await rm(join(folder, name), { force: true })
      removed.push(name)
    }
  }
  return removed.sort()
}
