import { open, stat } from 'node:fs/promises'
import type { DiskLayer } from '../disk/layer.ts'
import { type Partition, partitionTable, sectorBytes } from '../disk/mbr.ts'
import { clusterBytes, createQcow2 } from '../disk/qcow2.ts'

/** What lies before a paravirtual disk's root: 63 sectors, the first of which is the partition table. */
export const bootRegionBytes = 63 * sectorBytes
/** The swap partition of a paravirtual instance: 512 MiB (VmTypes). */
const swapBytes = 512 * 1024 * 1024
/** The smallest ephemeral partition: 60 KiB. */
const minimumEphemeralBytes = 60 * 1024

/** The partitions of a paravirtual instance's disk, in bytes: vda1, vda2, vda3. */
export interface ParavirtualSizes {
  rootBytes: number
  ephemeralBytes: number
  swapBytes: number
}

/**
 * Divides an instance type's disk for a paravirtual image of `imageBytes`: vda1 is the image, vda3 512 MiB of swap,
 * vda2 the rest. Throws a RangeError when too little is left for vda2 (VmTypes, vbr.c).
 */
export function paravirtualSizes(imageBytes: number, typeDiskBytes: number): ParavirtualSizes {
  const rootBytes = Math.ceil(imageBytes / sectorBytes) * sectorBytes
  const ephemeralBytes = Math.floor((typeDiskBytes - rootBytes - swapBytes) / sectorBytes) * sectorBytes
  if (ephemeralBytes < minimumEphemeralBytes) {
    const found = `image of ${imageBytes} bytes, disk of ${typeDiskBytes} bytes`
    throw new RangeError(`image too large to accommodate swap and ephemeral: ${found}`)
  }
  return { rootBytes, ephemeralBytes, swapBytes }
}

/** Where the three partitions lie: root behind the boot region, then ephemeral, then swap. */
function paravirtualPartitions(sizes: ParavirtualSizes): Partition[] {
  const root = sizes.rootBytes / sectorBytes
  const ephemeral = sizes.ephemeralBytes / sectorBytes
  const start = bootRegionBytes / sectorBytes
  return [
    { type: 'linux', start, sectors: root },
    { type: 'linux', start: start + root, sectors: ephemeral },
    { type: 'swap', start: start + root + ephemeral, sectors: sizes.swapBytes / sectorBytes },
  ]
}

/** Up to `bytes` from the start of a file. */
async function startOf(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/**
 * Makes the disk of an HVM instance at `target`: `bytes` in size, showing the raw `image` until the guest writes, its
 * partition table untouched. O(1). Throws a RangeError when the image is larger. Returns what a drive is made of.
 */
export async function createHvmDisk(disk: { target: string; image: string; bytes: number }): Promise<DiskLayer> {
  const { target, image, bytes } = disk
  const { size } = await stat(image)
  if (size > bytes) throw new RangeError(`image too large: ${size} bytes for a disk of ${bytes} bytes`)
  await createQcow2({ path: target, bytes, backing: { file: image, format: 'raw' } })
  return { format: 'qcow2', file: target, backing: { format: 'raw', file: image } }
}

/**
 * Makes the disk of a paravirtual instance at `target`: a partition table, the root that shows the raw `image`, an
 * unformatted ephemeral and swap partition. `image` holds the root file system behind `bootRegionBytes` of zeros.
 * O(1). Returns what a drive is made of.
 */
export async function createParavirtualDisk(
  disk: { target: string; image: string } & ParavirtualSizes,
): Promise<DiskLayer> {
  const { target, image, rootBytes, ephemeralBytes, swapBytes: swap } = disk
  const partitions = partitionTable(paravirtualPartitions({ rootBytes, ephemeralBytes, swapBytes: swap }))
  // The table shares its cluster with the start of the root, which therefore has to be in the overlay as well.
  const first = await startOf(image, clusterBytes)
  partitions.copy(first)
  const bytes = bootRegionBytes + rootBytes + ephemeralBytes + swap
  const backing = { file: image, format: 'raw' } as const
  await createQcow2({ path: target, bytes, backing, extents: [{ offset: 0, data: first }] })
  return { format: 'qcow2', file: target, backing }
}
