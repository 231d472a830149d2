import { link, rename, rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { syncFolder } from '../state/files.ts'
import type { StorageFiles } from './files.ts'

/** A volume to make. */
export interface NewVolume {
  id: string
  /** Size that the guest sees; a multiple of 512, not less than the snapshot's. */
  bytes: number
  snapshotId?: string | undefined
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Whether a file has this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Removes files that may be gone already. */
export async function remove(...paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true })
}

/** Gives the volume a name of its own for the snapshot's file. */
async function linkBase(files: StorageFiles, { id, snapshotId = '', bytes }: NewVolume): Promise<void> {
  const snapshot = files.snapshot(snapshotId).file
  try {
    await link(snapshot, files.volume(id).base)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw new Error(`the snapshot ${snapshotId} has no disk`, { cause })
    if (codeOf(cause) === 'EMLINK') throw new Error(`too many volumes rest on the snapshot ${snapshotId}`, { cause })
    const needed = `volumes from snapshots need a file system that has hard links (${codeOf(cause)})`
    throw new Error(`${needed}: ${files.volumes}`, { cause })
  }
  const { bytes: least } = await readQcow2Header(snapshot)
  if (bytes < least) throw new RangeError(`${bytes} bytes for the volume ${id}: its snapshot has ${least}`)
}

/**
 * Makes a volume's disk, O(1) whatever its size. It is on the host's disk, whole, when it gets its name, and so is the
 * name of what it rests on: a crash leaves a volume or leftovers that the next attempt and `sweep` remove.
 */
export async function createVolume(files: StorageFiles, volume: NewVolume): Promise<void> {
  const { file, base, making } = files.volume(volume.id)
  if (await exists(file)) throw new Error(`the volume ${volume.id} exists already`)
  await remove(making, base)
  try {
    if (volume.snapshotId !== undefined) await linkBase(files, volume)
    // Named relative to the volume, the chain in the header stays true when the data folder moves.
    const backing = volume.snapshotId !== undefined && { backing: { file: basename(base), format: 'qcow2' as const } }
    await createQcow2({ path: making, bytes: volume.bytes, ...backing, sync: true })
    await syncFolder(files.volumes)
    await rename(making, file)
    await syncFolder(files.volumes)
  } catch (error) {
    await Promise.allSettled([remove(file), remove(making), remove(base)])
    throw error
  }
}

/** What a drive of the volume is made of. Rejects when there is no such volume. */
export async function volumeLayer(files: StorageFiles, id: string): Promise<DiskLayer> {
  const { file, base } = files.volume(id)
  if (!(await exists(file))) throw new Error(`the volume ${id} has no disk`)
  const backing = (await exists(base)) ? ({ format: 'qcow2', file: base, backing: null } as const) : null
  return { format: 'qcow2', file, backing }
}
