import { type FileHandle, open, rm } from 'node:fs/promises'

/** Bytes of a cluster, the unit in which an overlay holds data of its own: 64 KiB, QEMU's default. */
export const clusterBytes = 65_536

/** A disk file to make. */
export interface Qcow2File {
  /** Must not exist yet. */
  path: string
  /** Size that the guest sees; a multiple of 512. */
  bytes: number
  /** What shows through where the file holds nothing; its size may differ. Without it that reads as zeros. */
  backing?: { file: string; format: 'raw' | 'qcow2' }
  /** Data that the file holds from the start. Offsets are multiples of 64 KiB; the rest of a last cluster is zeros. */
  extents?: { offset: number; data: Buffer }[]
  /** True: resolves when the file is on the host's disk. */
  sync?: boolean
}

/** The file's regions in clusters: header 0, refcount table 1, then these. */
interface Layout {
  refcountBlocks: number
  l1Entries: number
  l1At: number
  l2At: number
  dataAt: number
  end: number
}

const entriesPerCluster = clusterBytes / 8
const refcountsPerCluster = clusterBytes / 2
/** Marks a cluster that only this entry points to, so that QEMU writes it in place. */
const owned = 1n << 63n
const backingFormatExtension = 0xe2792aca
const headerBytes = 104

function layoutOf(bytes: number, l2Tables: number, dataClusters: number): Layout {
  const l1Entries = Math.max(1, Math.ceil(bytes / (clusterBytes * entriesPerCluster)))
  const l1Clusters = Math.ceil((l1Entries * 8) / clusterBytes)
  const others = 2 + l1Clusters + l2Tables + dataClusters
  let refcountBlocks = 1
  while (refcountBlocks * refcountsPerCluster < others + refcountBlocks) refcountBlocks++
  const l1At = 2 + refcountBlocks
  const l2At = l1At + l1Clusters
  const dataAt = l2At + l2Tables
  return { refcountBlocks, l1Entries, l1At, l2At, dataAt, end: dataAt + dataClusters }
}

/** Version 3 header with the backing format stated, so that nobody probes it (QEMU docs/interop/qcow2.txt). */
function header({ bytes, backing }: Qcow2File, { l1Entries, l1At }: Layout): Buffer {
  const name = Buffer.from(backing?.file ?? '')
  if (name.length > 1023) throw new RangeError(`a backing file's name has at most 1023 bytes: ${backing?.file}`)
  const format = Buffer.from(backing?.format ?? '')
  const extensionBytes = backing ? 8 + 8 : 0
  const nameAt = headerBytes + extensionBytes + 8
  const buffer = Buffer.alloc(nameAt + name.length)
  buffer.write('QFI\xfb', 0, 'latin1')
  buffer.writeUInt32BE(3, 4)
  buffer.writeBigUInt64BE(BigInt(backing ? nameAt : 0), 8)
  buffer.writeUInt32BE(name.length, 16)
  buffer.writeUInt32BE(Math.log2(clusterBytes), 20)
  buffer.writeBigUInt64BE(BigInt(bytes), 24)
  buffer.writeUInt32BE(l1Entries, 36)
  buffer.writeBigUInt64BE(BigInt(l1At * clusterBytes), 40)
  buffer.writeBigUInt64BE(BigInt(clusterBytes), 48)
  buffer.writeUInt32BE(1, 56)
  buffer.writeUInt32BE(4, 96) // refcounts of 2^4 bits
  buffer.writeUInt32BE(headerBytes, 100)
  if (backing) {
    buffer.writeUInt32BE(backingFormatExtension, headerBytes)
    buffer.writeUInt32BE(format.length, headerBytes + 4)
    format.copy(buffer, headerBytes + 8)
    name.copy(buffer, nameAt)
  }
  return buffer
}

/** The extents cut into clusters: number of the guest's cluster -> its bytes. */
function clustersOf({ bytes, extents = [] }: Qcow2File): Map<number, Buffer> {
  const clusters = new Map<number, Buffer>()
  for (const { offset, data } of extents) {
    if (offset % clusterBytes !== 0 || offset < 0 || offset + data.length > bytes) {
      throw new RangeError(`an extent of ${data.length} bytes at ${offset} has no place in a disk of ${bytes} bytes`)
    }
    for (let at = 0; at < data.length; at += clusterBytes) {
      clusters.set((offset + at) / clusterBytes, data.subarray(at, at + clusterBytes))
    }
  }
  return clusters
}

/** The tables that lead from the guest's clusters to those of the file, as [position in the file, bytes]. */
function tables(clusters: Map<number, Buffer>, groups: number[], layout: Layout): [number, Buffer][] {
  const refcountTable = Buffer.alloc(layout.refcountBlocks * 8)
  for (let block = 0; block < layout.refcountBlocks; block++) {
    refcountTable.writeBigUInt64BE(BigInt((2 + block) * clusterBytes), block * 8)
  }
  const refcounts = Buffer.alloc(layout.end * 2)
  for (let cluster = 0; cluster < layout.end; cluster++) refcounts.writeUInt16BE(1, cluster * 2)
  const l1 = Buffer.alloc(layout.l1Entries * 8)
  const l2 = Buffer.alloc(groups.length * clusterBytes)
  for (const [index, group] of groups.entries()) {
    l1.writeBigUInt64BE(owned | BigInt((layout.l2At + index) * clusterBytes), group * 8)
  }
  for (const [index, cluster] of [...clusters.keys()].entries()) {
    const table = groups.indexOf(Math.floor(cluster / entriesPerCluster))
    const entry = owned | BigInt((layout.dataAt + index) * clusterBytes)
    l2.writeBigUInt64BE(entry, table * clusterBytes + (cluster % entriesPerCluster) * 8)
  }
  return [
    [clusterBytes, refcountTable],
    [2 * clusterBytes, refcounts],
    [layout.l1At * clusterBytes, l1],
    [layout.l2At * clusterBytes, l2],
  ]
}

async function write(handle: FileHandle, file: Qcow2File): Promise<void> {
  const clusters = clustersOf(file)
  const groups = [...new Set([...clusters.keys()].map((cluster) => Math.floor(cluster / entriesPerCluster)))]
  const layout = layoutOf(file.bytes, groups.length, clusters.size)
  await handle.truncate(layout.end * clusterBytes)
  const data = [...clusters.values()].map((bytes, index): [number, Buffer] => [
    (layout.dataAt + index) * clusterBytes,
    bytes,
  ])
  for (const [position, bytes] of [[0, header(file, layout)] as const, ...tables(clusters, groups, layout), ...data]) {
    if (bytes.length > 0) await handle.write(bytes, 0, bytes.length, position)
  }
  if (file.sync) await handle.sync()
}

/**
 * Makes a qcow2 file, mode 0600, in time that does not depend on the size of the disk or of its backing file.
 * Rejects when the path exists, or with a RangeError when a size or an extent does not fit; then it leaves no file.
 */
export async function createQcow2(file: Qcow2File): Promise<void> {
  if (!Number.isSafeInteger(file.bytes) || file.bytes <= 0 || file.bytes % 512 !== 0) {
    throw new RangeError(`a disk's size is a positive multiple of 512 bytes, not ${file.bytes}`)
  }
  const handle = await open(file.path, 'wx', 0o600)
  try {
    await write(handle, file)
    await handle.close()
  } catch (error) {
    await handle.close()
    await rm(file.path, { force: true })
    throw error
  }
}
