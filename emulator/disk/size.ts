import { stat } from 'node:fs/promises'
import type { DiskLayer } from './layer.ts'
import { sectorBytes } from './mbr.ts'
import { readQcow2Header } from './qcow2-header.ts'

/**
 * The size of a disk as its guest sees it, in bytes: a raw file's length in whole sectors, or what a qcow2 header says,
 * which no guest can write to. Throws when a qcow2 file is none.
 */
export async function diskBytes({ file, format }: DiskLayer): Promise<number> {
  if (format === 'qcow2') return (await readQcow2Header(file)).bytes
  return Math.ceil((await stat(file)).size / sectorBytes) * sectorBytes
}
