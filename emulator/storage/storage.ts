import { rm } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { privateFolder } from '../state/files.ts'
import { limited, serial } from '../state/serial.ts'
import { storageFiles } from './files.ts'
import { type FlatCopy, qemuImgCopy } from './flat-copy.ts'
import { type KnownDisks, type StorageUsage, sweep, usage } from './inventory.ts'
import { type LayerCommit, qemuImgCommit } from './layer-commit.ts'
import { removeDisk } from './layers.ts'
import { type LayersInUse, mergeable, mergeDisk } from './merge.ts'
import { adopt, copyFlat, freeze, type SnapshotJob, type SnapshotSize, type SwitchTo } from './snapshots.ts'
import { createVolume, type NewVolume, volumeLayer } from './volumes.ts'

/**
 * Volumes and snapshots as disk files: layers, of which only a volume's highest changes. A snapshot has hard links to the
 * layers that its volume had, and a volume to those of its snapshot, so that each stays usable when others are deleted.
 * Ids are those of the records, which are the caller's; who holds a volume is the caller's to know as well. Jobs on one
 * volume wait for each other.
 */
export interface Storage {
  /** Makes a volume, O(1) whatever its size. Rejects when it exists, or with a RangeError when its size does not fit. */
  createVolume(volume: NewVolume): Promise<void>
  /** What a drive of the volume is made of. Rejects when there is no such volume. */
  volumeLayer(id: string): Promise<DiskLayer>
  /**
   * Makes a snapshot of a volume that no machine uses: at once, unless it is so deep that it is copied. Rejects, with no
   * snapshot left, when it cannot or is aborted.
   */
  snapshotVolume(job: SnapshotJob): Promise<SnapshotSize>
  /**
   * Makes a snapshot of a volume that a machine uses, with the machine's help. Resolves with undefined, and nothing done,
   * when the volume is so deep that the machine has to copy it. Rejects, with no snapshot left, when `switchTo` does.
   */
  freezeVolume(job: SnapshotJob, switchTo: SwitchTo): Promise<SnapshotSize | undefined>
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
  /** The ids of the disks that `mergeLayers` may make smaller. */
  mergeable(): Promise<string[]>
  /**
   * Merges the layers of a volume or snapshot that nobody else rests on. Whoever calls knows that nobody has the disk open
   * at that moment, or `inUse` who has; from then on every other job on the disk, `volumeLayer` included, breaks this off
   * and waits until the disk is let go of. Resolves when it is merged or was broken off; rejects when it cannot be, or is
   * aborted, and then the disk is as good as before.
   */
  mergeLayers(job: MergeJob): Promise<void>
  /** What there is, and what it takes of the host's disk. */
  usage(): Promise<StorageUsage>
  /** At a start: removes the disks that no record knows and what is unfinished. Resolves with the names removed. */
  sweep(known: KnownDisks): Promise<string[]>
}

/** A disk whose layers are to be merged. */
export interface MergeJob {
  id: string
  inUse?: LayersInUse | undefined
  signal?: AbortSignal
}

/** Copies that run at the same time; more would only slow each other. */
const copiesAtOnce = 2

/** How a storage is opened. */
export interface StorageSettings {
  folder: string
  /** Makes the copies of volumes; by default qemu-img. */
  copy?: FlatCopy
  /** Writes a layer to the one beneath it; by default qemu-img. */
  commit?: LayerCommit
  /** How many layers a volume gets by its snapshots before these are copies: each is one more file to look in. */
  maximumLayers?: number
}

/** How many layers less than the most a volume has when it is given a flat copy, in the background. */
const layersToSpare = 8

/** Jobs on disks, one after the other on each; a merge is put off by any other job. */
function disksInTurn() {
  const jobs = serial()
  const merges = new Map<string, AbortController>()
  const run = <Result>(id: string, job: () => Promise<Result>): Promise<Result> => {
    merges.get(id)?.abort(new Error(`${id} is needed`))
    return jobs.run(id, job)
  }
  const merge = async (id: string, signal: AbortSignal | undefined, job: (signal: AbortSignal) => Promise<void>) => {
    if (merges.has(id)) return
    const putOff = new AbortController()
    merges.set(id, putOff)
    try {
      await jobs.run(id, () => job(signal ? AbortSignal.any([signal, putOff.signal]) : putOff.signal))
    } catch (error) {
      signal?.throwIfAborted()
      if (!putOff.signal.aborted) throw error
    } finally {
      merges.delete(id)
    }
  }
  return { run, merge }
}

/** Opens the storage in `folder`, making what is missing of it. */
export async function openStorage(settings: StorageSettings): Promise<Storage> {
  const { folder, copy = qemuImgCopy, commit = qemuImgCommit, maximumLayers = 64 } = settings
  const flattenFrom = Math.max(2, maximumLayers - layersToSpare)
  const files = storageFiles(folder)
  for (const each of [folder, files.volumes, files.snapshots]) await privateFolder(each)
  const disks = disksInTurn()
  const inTurn = limited(copiesAtOnce)

  return {
    createVolume: (volume) => {
      const create = () => createVolume(files, volume)
      const { id, snapshotId } = volume
      // Its layers get more names: whether they have but one is asked in the snapshot's turn, too.
      return disks.run(id, () => (snapshotId === undefined ? create() : disks.run(snapshotId, create)))
    },
    volumeLayer: (id) => disks.run(id, () => volumeLayer(files, id)),
    snapshotVolume: (job) =>
      disks.run(
        job.volumeId,
        async () => (await freeze(files, maximumLayers, job)) ?? inTurn(() => copyFlat(files, copy, job)),
      ),
    freezeVolume: (job, switchTo) => disks.run(job.volumeId, () => freeze(files, maximumLayers, job, switchTo)),
    snapshotTarget: (id) => files.snapshot(id).making,
    adoptSnapshot: (id) => adopt(files, id),
    abandonSnapshot: (id) => rm(files.snapshot(id).making, { force: true }),
    deleteVolume: (id) => disks.run(id, () => removeDisk(files.volume(id))),
    deleteSnapshot: (id) => disks.run(id, () => removeDisk(files.snapshot(id))),
    mergeable: () => mergeable(files, flattenFrom),
    mergeLayers: ({ id, inUse, signal }) =>
      disks.merge(id, signal, (putOff) => {
        const disk = id.startsWith('vol-') ? files.volume(id) : files.snapshot(id)
        return mergeDisk(disk, { copy, commit, flattenFrom, inUse, signal: putOff })
      }),
    usage: () => usage(files),
    sweep: (known) => sweep(files, known),
  }
}
