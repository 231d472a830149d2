import { chmod, link, open, rename } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { syncFolder } from '../state/files.ts'
import type { StorageFiles } from './files.ts'
import type { FlatCopy } from './flat-copy.ts'
import { chain, layersOf, linkLayers, removeDisk } from './layers.ts'
import { addLayer, volumeLayers } from './volumes.ts'

/** What a snapshot takes of the host's disk beside what it shares. */
export interface SnapshotSize {
  bytesAllocated: number
}

/** A snapshot to make of a volume. */
export interface SnapshotJob {
  volumeId: string
  snapshotId: string
  signal?: AbortSignal
}

/** Has a machine that uses the volume write to this from now on; what it wrote before is on the host's disk by then. */
export type SwitchTo = (top: DiskLayer) => Promise<void>

async function demandNew(files: StorageFiles, id: string): Promise<void> {
  if ((await layersOf(files.snapshot(id))).length > 0) throw new Error(`the snapshot ${id} exists already`)
}

/** Makes a file immutable, and safe against a power cut. Resolves with what it takes. */
async function seal(file: string): Promise<SnapshotSize> {
  await chmod(file, 0o400)
  const handle = await open(file, 'r')
  try {
    await handle.sync()
    return { bytesAllocated: (await handle.stat()).blocks * 512 }
  } finally {
    await handle.close()
  }
}

/** Makes a flat copy of one file, which is at the snapshot's `making`, the snapshot. */
export async function adopt(files: StorageFiles, id: string): Promise<SnapshotSize> {
  const disk = files.snapshot(id)
  await demandNew(files, id)
  const { isFlat, isClosed } = await readQcow2Header(disk.making)
  if (!isFlat || !isClosed)
    throw new Error(`what was written for the snapshot ${id} needs other files or was not closed`)
  const size = await seal(disk.making)
  await rename(disk.making, disk.own(0))
  await syncFolder(files.snapshots)
  return size
}

/**
 * Takes a snapshot without copying: the volume gets an empty layer on top, and the snapshot has names of its own for those
 * below. What a failure or a crash leaves, an empty layer, changes nothing of what the volume holds. Resolves with
 * undefined where the volume is too deep for that and has to be copied.
 */
export async function freeze(
  files: StorageFiles,
  maximumLayers: number,
  job: SnapshotJob,
  switchTo?: SwitchTo,
): Promise<SnapshotSize | undefined> {
  const { volumeId, snapshotId, signal } = job
  signal?.throwIfAborted()
  await demandNew(files, snapshotId)
  const layers = await volumeLayers(files, volumeId)
  const top = layers.at(-1) ?? layers[0]
  if (layers.length >= maximumLayers) return undefined
  const { bytes, isClosed } = await readQcow2Header(top.file)
  if (!switchTo && !isClosed) throw new Error(`the volume ${volumeId} was not closed`)
  const file = await addLayer(files.volume(volumeId), bytes, top)
  await switchTo?.({ format: 'qcow2', file, backing: chain(layers) ?? null })
  const disk = files.snapshot(snapshotId)
  await removeDisk(disk)
  try {
    const size = await seal(top.file)
    await linkLayers(disk, layers.slice(0, -1))
    // Its own highest layer makes it one.
    await link(top.file, disk.own(top.number))
    await syncFolder(files.snapshots)
    return size
  } catch (error) {
    await Promise.allSettled([removeDisk(disk)])
    throw error
  }
}

/** Copies a volume that no machine uses into a snapshot of one file. Rejects, with nothing left, when it cannot. */
export async function copyFlat(files: StorageFiles, copy: FlatCopy, job: SnapshotJob): Promise<SnapshotSize> {
  const { volumeId, snapshotId, signal } = job
  signal?.throwIfAborted()
  const source = chain(await volumeLayers(files, volumeId))
  if (!source) throw new Error(`the volume ${volumeId} has no disk`)
  const disk = files.snapshot(snapshotId)
  await demandNew(files, snapshotId)
  await removeDisk(disk)
  try {
    const { bytes } = await readQcow2Header(source.file)
    await copy({ source, target: disk.making, bytes, signal })
    signal?.throwIfAborted()
    return await adopt(files, snapshotId)
  } catch (error) {
    await Promise.allSettled([removeDisk(disk)])
    signal?.throwIfAborted()
    throw new Error(`the snapshot ${snapshotId} of ${volumeId} was not made`, { cause: error })
  }
}
