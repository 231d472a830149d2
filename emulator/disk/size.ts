import { open } from 'node:fs/promises'
import type { DiskLayer } from './layer.ts'
import { sectorBytes } from './mbr.ts'

/**
 * The size of a disk as its guest sees it, in bytes: a raw file's length in whole sectors, or what a qcow2 header says,
 * which no guest can write to. Throws when a qcow2 file is none.
 */
export async function diskBytes({ file, format }: DiskLayer): Promise<number> {
  const handle = await open(file, 'r')
  try {
    if (format === 'raw') return Math.ceil((await handle.stat()).size / sectorBytes) * sectorBytes
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(32), 0, 32, 0)
    if (bytesRead < 32 || buffer.toString('latin1', 0, 4) !== 'QFI\xfb') throw new Error(`${file} is no qcow2 file`)
    return Number(buffer.readBigUInt64BE(24))
  } finally {
    await handle.close()
  }
}
