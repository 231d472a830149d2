import { link, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { type DiskFiles, ownerOf } from './files.ts'

/** One file of a disk. */
export interface Layer {
  number: number
  /** False: a name for a file that other disks rest on as well. */
  isOwn: boolean
  file: string
}

/** The files of a disk, the deepest first; none when it is not there or was not made to its end. */
export async function layersOf(disk: DiskFiles): Promise<Layer[]> {
  const layers: Layer[] = []
  for (const name of await readdir(disk.folder)) {
    const owner = ownerOf(name)
    if (owner?.id !== disk.id || owner.layer === undefined) continue
    layers.push({ number: owner.layer, isOwn: !owner.isBase, file: join(disk.folder, name) })
  }
  // Its own highest layer is made last.
  return layers.some(({ isOwn }) => isOwn) ? layers.sort((a, b) => a.number - b.number) : []
}

/** The layers as a drive is made of them; undefined for none. */
export function chain(layers: readonly Layer[]): Extract<DiskLayer, { format: 'qcow2' }> | undefined {
  let top: Extract<DiskLayer, { format: 'qcow2' }> | undefined
  for (const { file } of layers) top = { format: 'qcow2', file, backing: top ?? null }
  return top
}

/** Gives a disk in the making names of its own for layers that it rests on. Rejects with the reason of the file system. */
export async function linkLayers(disk: DiskFiles, layers: readonly Layer[]): Promise<void> {
  for (const { number, file } of layers) await link(file, disk.base(number))
}

/** Removes all files of a disk, whole or not; there may be none. */
export async function removeDisk(disk: DiskFiles): Promise<void> {
  for (const name of await readdir(disk.folder)) {
    if (ownerOf(name)?.id === disk.id) await rm(join(disk.folder, name), { force: true })
  }
}
