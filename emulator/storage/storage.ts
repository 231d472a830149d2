import { chmod, open, rename } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { privateFolder, syncFolder } from '../state/files.ts'
import { limited, serial } from '../state/serial.ts'
import { type StorageFiles, storageFiles } from './files.ts'
import { type FlatCopy, qemuImgCopy } from './flat-copy.ts'
import { type KnownDisks, type StorageUsage, sweep, usage } from './inventory.ts'
import { createVolume, exists, type NewVolume, remove, volumeLayer } from './volumes.ts'

/** What a snapshot takes of the host's disk. */
export interface SnapshotSize {
  bytesAllocated: number
}

/**
 * Volumes and snapshots as disk files. A snapshot is one flat, immutable file; a volume is a file of its own, or one on
 * a snapshot, that stays usable when the snapshot is deleted. Ids are those of the records, which are the caller's;
 * who holds a volume is the caller's to know as well. Jobs on one volume wait for each other.
 */
export interface Storage {
  /** Makes a volume, O(1) whatever its size. Rejects when it exists, or with a RangeError when its size does not fit. */
  createVolume(volume: NewVolume): Promise<void>
  /** What a drive of the volume is made of. Rejects when there is no such volume. */
  volumeLayer(id: string): Promise<DiskLayer>
  /** Copies a volume that no machine uses into a new snapshot. Rejects, with nothing left, when it cannot or is aborted. */
  snapshotVolume(job: { volumeId: string; snapshotId: string; signal?: AbortSignal }): Promise<SnapshotSize>
  /** Where a machine writes the snapshot of a volume that it uses, before `adoptSnapshot` or `abandonSnapshot`. */
  snapshotTarget(snapshotId: string): string
  /** Makes what was written to the target the snapshot. Rejects when that is no flat, closed qcow2 file. */
  adoptSnapshot(snapshotId: string): Promise<SnapshotSize>
  /** Removes what was written to the target, if anything was. */
  abandonSnapshot(snapshotId: string): Promise<void>
  /** Removes a volume's disk, once no copy of it is being made; resolves when there is none, too. */
  deleteVolume(id: string): Promise<void>
  /** Removes a snapshot; its bytes stay until the last volume on them is gone. Resolves when there is none, too. */
  deleteSnapshot(id: string): Promise<void>
  /** What there is, and what it takes of the host's disk. */
  usage(): Promise<StorageUsage>
  /** At a start: removes the disks that no record knows and what is unfinished. Resolves with the names removed. */
  sweep(known: KnownDisks): Promise<string[]>
}

/** Copies that run at the same time; more would only slow each other. */
const copiesAtOnce = 2

/** Gives the target its lasting name, once it is whole, read-only and on the host's disk. */
async function adopt(files: StorageFiles, id: string): Promise<SnapshotSize> {
  const { file, making } = files.snapshot(id)
  if (await exists(file)) throw new Error(`the snapshot ${id} exists already`)
  const { isWhole } = await readQcow2Header(making)
  if (!isWhole) throw new Error(`what was written for the snapshot ${id} needs other files or was not closed`)
  await chmod(making, 0o400)
  const handle = await open(making, 'r')
  try {
    await handle.sync()
    await rename(making, file)
    await syncFolder(files.snapshots)
    return { bytesAllocated: (await handle.stat()).blocks * 512 }
  } finally {
    await handle.close()
  }
}

/** Opens the storage in `folder`, making what is missing of it. `copy` makes the copies of volumes, by default qemu-img. */
export async function openStorage(settings: { folder: string; copy?: FlatCopy }): Promise<Storage> {
  const { folder, copy = qemuImgCopy } = settings
  const files = storageFiles(folder)
  for (const each of [folder, files.volumes, files.snapshots]) await privateFolder(each)
  const jobs = serial()
  const inTurn = limited(copiesAtOnce)

  const snapshotVolume: Storage['snapshotVolume'] = async ({ volumeId, snapshotId, signal }) => {
    signal?.throwIfAborted()
    const source = await volumeLayer(files, volumeId)
    const { file, making } = files.snapshot(snapshotId)
    if (await exists(file)) throw new Error(`the snapshot ${snapshotId} exists already`)
    await remove(making)
    try {
      const { bytes } = await readQcow2Header(source.file)
      await copy({ source, target: making, bytes, signal })
      signal?.throwIfAborted()
      return await adopt(files, snapshotId)
    } catch (error) {
      await Promise.allSettled([remove(making)])
      signal?.throwIfAborted()
      throw new Error(`the snapshot ${snapshotId} of ${volumeId} was not made`, { cause: error })
    }
  }

  return {
    createVolume: (volume) => jobs.run(volume.id, () => createVolume(files, volume)),
    volumeLayer: (id) => volumeLayer(files, id),
    snapshotVolume: (job) => jobs.run(job.volumeId, () => inTurn(() => snapshotVolume(job))),
    snapshotTarget: (id) => files.snapshot(id).making,
    adoptSnapshot: (id) => adopt(files, id),
    abandonSnapshot: (id) => remove(files.snapshot(id).making),
    deleteVolume: (id) =>
      jobs.run(id, async () => {
        const { file, base, making } = files.volume(id)
        await remove(making, file, base)
      }),
    deleteSnapshot: (id) => remove(files.snapshot(id).file),
    usage: () => usage(files),
    sweep: (known) => sweep(files, known),
  }
}
