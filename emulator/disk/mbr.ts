/** Bytes of a sector, the unit of a partition table. */
export const sectorBytes = 512

/** A primary partition. `start` and `sectors` in sectors of 512 bytes. */
export interface Partition {
  type: 'linux' | 'swap'
  start: number
  sectors: number
}

const types = { linux: 0x83, swap: 0x82 }
/** Tells a system to use the sector numbers: the old cylinder, head and sector fields end at 8 GB. */
const beyondGeometry = [0xfe, 0xff, 0xff]
/** `EUCA`: the same on every disk, as a disk's identity is its serial. */
const diskSignature = 0x45554341

/**
 * The boot sector of a disk with up to four primary partitions and no boot loader, as parted's `mklabel msdos` and
 * `mkpart primary` leave it. Throws a RangeError for what a table of this kind cannot hold (2 TiB).
 */
export function partitionTable(partitions: readonly Partition[]): Buffer {
  if (partitions.length > 4) throw new RangeError(`a partition table holds 4 entries, not ${partitions.length}`)
  const sector = Buffer.alloc(sectorBytes)
  sector.writeUInt32LE(diskSignature, 440)
  for (const [index, { type, start, sectors }] of partitions.entries()) {
    const at = 446 + 16 * index
    sector.set(beyondGeometry, at + 1)
    sector[at + 4] = types[type]
    sector.set(beyondGeometry, at + 5)
    sector.writeUInt32LE(start, at + 8)
    sector.writeUInt32LE(sectors, at + 12)
  }
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}
