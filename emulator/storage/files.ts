import { join } from 'node:path'

/** The id itself where it may stand in a file name: prefix and hex digits, nothing that leads elsewhere. Throws otherwise. */
function checked(prefix: 'vol' | 'snap', id: string): string {
  if (!new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(id))
    throw new Error(`${JSON.stringify(id)} is no id of a ${prefix}`)
  return id
}

/** The paths of one volume or snapshot. Its layers are numbered from the deepest, 0; each is one file. */
export interface DiskFiles {
  id: string
  folder: string
  /** A layer of its own. The highest is what shows; there is none before the disk is whole. */
  own(layer: number): string
  /** A hard link to a layer of the disk that it was made from: the last one that rests on it frees its bytes. */
  base(layer: number): string
  /** A copy of what the layer of this number and those beneath it show: they no longer count once it is there. */
  flat(layer: number): string
  /** The name of a file until it is whole and on disk. */
  making: string
}

/** Every path below the folder of volumes and snapshots. Throws for an id that is none. */
export function storageFiles(folder: string) {
  const volumes = join(folder, 'volumes')
  const snapshots = join(folder, 'snapshots')
  const disk = (parent: string, prefix: 'vol' | 'snap', id: string): DiskFiles => {
    const path = join(parent, checked(prefix, id))
    return {
      id,
      folder: parent,
      own: (layer) => `${path}.${layer}.qcow2`,
      base: (layer) => `${path}.${layer}.base.qcow2`,
      flat: (layer) => `${path}.${layer}.flat.qcow2`,
      making: `${path}.qcow2.new`,
    }
  }
  return {
    volumes,
    snapshots,
    volume: (id: string) => disk(volumes, 'vol', id),
    snapshot: (id: string) => disk(snapshots, 'snap', id),
  }
}

/** The paths of one storage folder. */
export type StorageFiles = ReturnType<typeof storageFiles>

/** What the name of a file says. */
export interface Owner {
  id: string
  /** Undefined for a file that is not whole. */
  layer?: number
  kind: 'own' | 'base' | 'flat'
}

/** What a file name of ours says, or undefined for a name that is not ours. */
export function ownerOf(name: string): Owner | undefined {
  const [, id, layer, kind, whole] =
    /^((?:vol|snap)-[0-9a-f]{8,17})(?:\.(\d{1,9})(?:\.(base|flat))?)?(\.qcow2|\.qcow2\.new)$/.exec(name) ?? []
  if (id === undefined || (layer === undefined) !== (whole === '.qcow2.new')) return undefined
  return {
    id,
    ...(layer !== undefined && { layer: Number(layer) }),
    kind: kind === 'base' || kind === 'flat' ? kind : 'own',
  }
}
