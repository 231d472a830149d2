import { rename } from 'node:fs/promises'
import { basename } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { syncFolder } from '../state/files.ts'
import type { DiskFiles, StorageFiles } from './files.ts'
import { chain, type Layer, layersOf, linkLayers, removeDisk } from './layers.ts'

/** A volume to make. */
export interface NewVolume {
  id: string
  /** Size that the guest sees; a multiple of 512, not less than the snapshot's. */
  bytes: number
  snapshotId?: string | undefined
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** The layers of a snapshot that a volume of this size can rest on. */
async function snapshotLayers(files: StorageFiles, { id, snapshotId = '', bytes }: NewVolume): Promise<Layer[]> {
  const layers = await layersOf(files.snapshot(snapshotId))
  const top = layers.at(-1)
  if (!top) throw new Error(`the snapshot ${snapshotId} has no disk`)
  const { bytes: least } = await readQcow2Header(top.file)
  if (bytes < least) throw new RangeError(`${bytes} bytes for the volume ${id}: its snapshot has ${least}`)
  return layers
}

/** Gives the volume names of its own for the snapshot's files. */
async function linkSnapshot(files: StorageFiles, { id, snapshotId = '' }: NewVolume, layers: Layer[]): Promise<void> {
  try {
    await linkLayers(files.volume(id), layers)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw new Error(`the snapshot ${snapshotId} has no disk`, { cause })
    if (codeOf(cause) === 'EMLINK') throw new Error(`too many volumes rest on the snapshot ${snapshotId}`, { cause })
    const needed = `volumes from snapshots need a file system that has hard links (${codeOf(cause)})`
    throw new Error(`${needed}: ${files.volumes}`, { cause })
  }
}

/**
 * Puts an empty layer on those that a disk has: from then on they do not change. It is on the host's disk, whole, when it
 * gets its name, and so are the names of what it rests on. Resolves with its file.
 */
export async function addLayer(disk: DiskFiles, bytes: number, below: Layer | undefined): Promise<string> {
  const file = disk.own(below ? below.number + 1 : 0)
  // Named relative to the layer, the chain in the header stays true when the data folder moves.
  const backing = below && { backing: { file: basename(below.file), format: 'qcow2' as const } }
  await createQcow2({ path: disk.making, bytes, ...backing, sync: true })
  await syncFolder(disk.folder)
  await rename(disk.making, file)
  await syncFolder(disk.folder)
  return file
}

/**
 * Makes a volume's disk, O(1) whatever its size: a crash leaves a volume or leftovers that the next attempt and `sweep`
 * remove.
 */
export async function createVolume(files: StorageFiles, volume: NewVolume): Promise<void> {
  const disk = files.volume(volume.id)
  if ((await layersOf(disk)).length > 0) throw new Error(`the volume ${volume.id} exists already`)
  await removeDisk(disk)
  try {
    const layers = volume.snapshotId === undefined ? [] : await snapshotLayers(files, volume)
    await linkSnapshot(files, volume, layers)
    const below = layers.at(-1)
    await addLayer(disk, volume.bytes, below && { ...below, file: disk.base(below.number) })
  } catch (error) {
    await Promise.allSettled([removeDisk(disk)])
    throw error
  }
}

/** The layers of a volume. Rejects when there is no such volume. */
export async function volumeLayers(files: StorageFiles, id: string): Promise<[Layer, ...Layer[]]> {
  const [deepest, ...others] = await layersOf(files.volume(id))
  if (!deepest) throw new Error(`the volume ${id} has no disk`)
  return [deepest, ...others]
}

/** What a drive of the volume is made of. Rejects when there is no such volume. */
export async function volumeLayer(files: StorageFiles, id: string): Promise<DiskLayer> {
  const disk = chain(await volumeLayers(files, id))
  if (!disk) throw new Error(`the volume ${id} has no disk`)
  return disk
}
