import { chmod, lstat, rename, rm } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { readQcow2Header } from '../disk/qcow2-header.ts'
import { syncFile, syncFolder } from '../state/files.ts'
import type { DiskFiles, StorageFiles } from './files.ts'
import type { FlatCopy } from './flat-copy.ts'
import type { LayerCommit } from './layer-commit.ts'
import { chain, disksIn, type Layer, layersOf } from './layers.ts'

/**
 * Layers that nobody needs apart are merged, so that a chain stays short and what was overwritten takes no room. What a
 * disk consists of is what its folder lists, at every instant: a lower layer takes on what the ones above it hold, which
 * changes nothing that is seen through them, and only when it is on the host's disk do their names go. Only layers that
 * have one name are touched. Who rests on a layer rests on all beneath it, so these are a disk's highest ones.
 */

/** A machine that has the layers of a volume open, and has to merge them itself. */
export interface LayersInUse {
  /** The files of the layers that it has open, deepest first; it writes to the last one. */
  readonly files: readonly string[]
  /**
   * Has `base` take on what the layers directly above it hold, given deepest first, and lets go of those. Neither is the
   * highest. Resolves with false, and all as it was, when it has something else to do; rejects when it cannot.
   */
  merge(layers: { base: string; above: readonly string[] }, signal: AbortSignal): Promise<boolean>
  /** Has what lies beneath the highest layer replaced by one that shows the same. Rejects, and may have, when it cannot. */
  replaceBase(base: DiskLayer, signal: AbortSignal): Promise<void>
}

/** What layers are merged with. */
export interface MergeMeans {
  copy: FlatCopy
  commit: LayerCommit
  /** A volume of so many layers is given one flat copy in place of all but the highest. */
  flattenFrom: number
  signal: AbortSignal
  /** Set while a machine uses the disk. */
  inUse?: LayersInUse | undefined
}

const isAlone = async ({ file }: Layer): Promise<boolean> => (await lstat(file)).nlink === 1

/** The layers that no other disk has, deepest first: the highest ones. */
async function ownAlone(layers: readonly Layer[]): Promise<Layer[]> {
  const shared = await Promise.all(layers.map(async (layer) => !(await isAlone(layer))))
  return layers.slice(shared.lastIndexOf(true) + 1)
}

/** Whether the volume has layers enough to be copied; one that was just made from a deep snapshot is not. */
const isDeep = (id: string, layers: readonly Layer[], flattenFrom: number): boolean =>
  id.startsWith('vol-') && layers.length >= flattenFrom && layers.filter(({ isOwn }) => isOwn).length > 1

/** The ids of the disks on which `mergeDisk` may find something to do. */
export async function mergeable(files: StorageFiles, flattenFrom: number): Promise<string[]> {
  const ids: string[] = []
  for (const folder of [files.volumes, files.snapshots]) {
    for (const [id, { layers, superseded }] of await disksIn(folder)) {
      try {
        const highest = await Promise.all(layers.slice(-2).map(isAlone))
        const isMergeable = highest.length === 2 && highest.every(Boolean)
        if (isMergeable || superseded.length > 0 || isDeep(id, layers, flattenFrom)) ids.push(id)
      } catch (error) {
        // It was deleted meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
  }
  return ids.sort()
}

/** Removes the names of layers and has that on the host's disk. */
async function remove(folder: string, layers: readonly Layer[]): Promise<void> {
  // The deepest first: what is left shows the same at every instant.
  for (const { file } of layers) await rm(file)
  if (layers.length > 0) await syncFolder(folder)
}

/** Merges each layer into the lowest one of all, which takes on its name each time: one step for whoever lists the folder. */
async function mergeIdle(disk: DiskFiles, beneath: Layer[], alone: Layer[], means: MergeMeans): Promise<void> {
  const { commit, signal } = means
  const [lowest, ...others] = alone
  let base = lowest
  for (const layer of others) {
    signal.throwIfAborted()
    const top = base && chain([...beneath, base, layer])
    if (!base || !top) return
    await commit({ top, bytes: (await readQcow2Header(layer.file)).bytes, signal })
    await syncFile(base.file)
    await rename(base.file, layer.file)
    await syncFolder(disk.folder)
    base = layer
  }
}

/** Has the machine merge all but the highest, which it writes to, into the lowest. */
async function mergeInUse(disk: DiskFiles, alone: Layer[], inUse: LayersInUse, signal: AbortSignal): Promise<void> {
  const [base, ...above] = alone.slice(0, -1)
  if (!base || above.length === 0) return
  if (!(await inUse.merge({ base: base.file, above: above.map(({ file }) => file) }, signal))) return
  await syncFile(base.file)
  await remove(disk.folder, above)
}

/** Whether a machine that uses the disk has what the folder lists: it may not have come to write to the highest layer. */
const isAsListed = (layers: readonly Layer[], inUse: LayersInUse | undefined): boolean =>
  !inUse || (inUse.files.length === layers.length && layers.every(({ file }, index) => file === inUse.files[index]))

/** Puts a flat copy in the place of all layers but the highest. The copy counts from the instant at which it has its name. */
async function flatten(disk: DiskFiles, layers: Layer[], { copy, signal, inUse }: MergeMeans): Promise<void> {
  const below = layers.slice(0, -1)
  const [source, last] = [chain(below), below.at(-1)]
  if (!source || !last) return
  const file = disk.flat(last.number)
  try {
    const { bytes } = await readQcow2Header(source.file)
    await copy({ source, target: disk.making, bytes, signal })
    await chmod(disk.making, 0o400)
    await syncFile(disk.making)
    await rename(disk.making, file)
  } catch (error) {
    await Promise.allSettled([rm(disk.making, { force: true })])
    throw error
  }
  await syncFolder(disk.folder)
  await inUse?.replaceBase({ format: 'qcow2', file, backing: null }, signal)
  await remove(disk.folder, below)
}

/**
 * Merges what of a disk nobody else rests on, and copies a volume that is too deep, which frees it of the layers that others
 * rest on. A crash at any instant leaves a disk that shows the same bytes; the next call goes on. Rejects when it cannot, or
 * when aborted, and then, too, the disk is as good as before.
 */
export async function mergeDisk(disk: DiskFiles, means: MergeMeans): Promise<void> {
  means.signal.throwIfAborted()
  await remove(disk.folder, (await disksIn(disk.folder)).get(disk.id)?.superseded ?? [])
  const layers = await layersOf(disk)
  if (!isAsListed(layers, means.inUse)) return
  const alone = await ownAlone(layers)
  if (alone.length > 1) {
    const isVolume = disk.id.startsWith('vol-')
    const frozen = isVolume ? alone.slice(0, -1) : alone
    try {
      for (const { file } of alone) await chmod(file, 0o600)
      if (means.inUse) await mergeInUse(disk, alone, means.inUse, means.signal)
      else await mergeIdle(disk, layers.slice(0, -alone.length), alone, means)
    } finally {
      // What is left of them does not change again.
      await Promise.allSettled(frozen.map(({ file }) => chmod(file, 0o400)))
    }
  }
  const left = await layersOf(disk)
  if (isDeep(disk.id, left, means.flattenFrom)) await flatten(disk, left, means)
}
