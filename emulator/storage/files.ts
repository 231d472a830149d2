import { join } from 'node:path'

/** The id itself where it may stand in a file name: prefix and hex digits, nothing that leads elsewhere. Throws otherwise. */
function checked(prefix: 'vol' | 'snap', id: string): string {
  if (!new RegExp(`^${prefix}-[0-9a-f]{8,17}$`).test(id))
    throw new Error(`${JSON.stringify(id)} is no id of a ${prefix}`)
  return id
}

/** Every path below the folder of volumes and snapshots. `making` is a file's name until it is whole and on disk. */
export function storageFiles(folder: string) {
  const volumes = join(folder, 'volumes')
  const snapshots = join(folder, 'snapshots')
  return {
    volumes,
    snapshots,
    volume: (id: string) => {
      const file = join(volumes, `${checked('vol', id)}.qcow2`)
      /** A hard link to the snapshot that the volume was made from: the last volume that rests on it frees its bytes. */
      const base = join(volumes, `${id}.base.qcow2`)
      return { file, base, making: `${file}.new` }
    },
    snapshot: (id: string) => {
      const file = join(snapshots, `${checked('snap', id)}.qcow2`)
      return { file, making: `${file}.new` }
    },
  }
}

/** The paths of one storage folder. */
export type StorageFiles = ReturnType<typeof storageFiles>

/** What a file name of ours says, or undefined for a name that is not ours. */
export function ownerOf(name: string): { id: string; unfinished: boolean } | undefined {
  const [, id, unfinished] = /^((?:vol|snap)-[0-9a-f]{8,17})(?:\.base)?\.qcow2(\.new)?$/.exec(name) ?? []
  return id === undefined ? undefined : { id, unfinished: unfinished !== undefined }
}
