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

/** The layers of the disks in a folder: those that count, deepest first, and those that a flat copy stands in for. */
export async function disksIn(folder: string): Promise<Map<string, { layers: Layer[]; superseded: Layer[] }>> {
  const found = new Map<string, (Layer & { isFlat: boolean })[]>()
  for (const name of await readdir(folder)) {
    const owner = ownerOf(name)
    if (owner?.layer === undefined) continue
    const { id, layer: number, kind } = owner
    const layer = { number, isOwn: kind !== 'base', isFlat: kind === 'flat', file: join(folder, name) }
    found.set(id, [...(found.get(id) ?? []), layer])
  }
  const disks = new Map<string, { layers: Layer[]; superseded: Layer[] }>()
  for (const [id, files] of found) {
    // Its own highest layer is made last.
    if (!files.some(({ isOwn }) => isOwn)) continue
    files.sort((a, b) => a.number - b.number || Number(a.isFlat) - Number(b.isFlat))
    const first = Math.max(
      0,
      files.findLastIndex(({ isFlat }) => isFlat),
    )
    const layers = files.map(({ number, isOwn, file }): Layer => ({ number, isOwn, file }))
    disks.set(id, { layers: layers.slice(first), superseded: layers.slice(0, first) })
  }
  return disks
}

/** The files of a disk, the deepest first; none when it is not there or was not made to its end. */
export async function layersOf({ folder, id }: DiskFiles): Promise<Layer[]> {
  return (await disksIn(folder)).get(id)?.layers ?? []
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
