import { open, readFile } from 'node:fs/promises'
import { clusterBytes, createQcow2 } from '../disk/qcow2.ts'
import type { ConvertDisk } from './convert-tool.ts'

/**
 * Converts raw files of a few MiB, which it keeps in memory, and writes zeros for clients, 64 KiB at most: for a cloud
 * whose machines boot nothing, on a host without QEMU.
 */
export const plainConvert: ConvertDisk = async ({ source, target, format, bytes, signal }) => {
  signal.throwIfAborted()
  if (format !== 'qcow2') {
    const handle = await open(target, 'wx', 0o600)
    await handle.truncate(Math.min(bytes, clusterBytes))
    return handle.close()
  }
  const image = 'file' in source && source.format === 'raw' ? await readFile(source.file) : Buffer.alloc(0)
  const extents: { offset: number; data: Buffer }[] = []
  for (let offset = 0; offset < image.length; offset += clusterBytes) {
    const data = image.subarray(offset, offset + clusterBytes)
    if (data.some((byte) => byte !== 0)) extents.push({ offset, data })
  }
  await createQcow2({ path: target, bytes, extents })
}
