import { type Source, u64be } from '../bytes.ts'
import type { DiskHeader } from '../header.ts'

/** Incompatible features that change where bytes are read from, or that nobody knows, as [bit, problem]. */
const corruptBit = 1n << 1n
const dataFileBit = 1n << 2n
/** Refcounts not written (lazy), the compression's name, subclusters: all of these can be read as they are. */
const harmlessBits = (1n << 0n) | (1n << 3n) | (1n << 4n)

const extensionNames = { end: 0, dataFile: 0x44415441 }
/** QEMU's own limit of a table of tables. */
const longestL1Bytes = 32 * 2 ** 20

/** The header of a qcow2 file (QEMU docs/interop/qcow2.txt), and what it would have opened besides. */
export async function qcow2Header(source: Source): Promise<DiskHeader> {
  const version = (await source.at(0, 72))?.readUInt32BE(4) ?? 0
  const header = await source.at(0, version === 2 ? 72 : 104)
  if (!header || (version !== 2 && version !== 3)) {
    const problem = header ? `it is qcow2 of version ${version}, which is not known` : 'it ends within its header'
    return { format: 'qcow2', problems: [problem] }
  }
  const problems = [
    ...otherFiles(header),
    ...(version === 3 ? features(header) : []),
    ...tables(header, source.size),
    ...(await extensions(source, version === 3 ? header.readUInt32BE(100) : 72)),
  ]
  const virtualBytes = u64be(header, 24)
  return { format: 'qcow2', subformat: `v${version}`, virtualBytes, problems }
}

function otherFiles(header: Buffer): string[] {
  return [
    u64be(header, 8) !== 0 || header.readUInt32BE(16) !== 0 ? 'it rests on another file (a backing file)' : '',
    header.readUInt32BE(32) !== 0 ? 'it is encrypted' : '',
    header.readUInt32BE(60) !== 0 ? 'it holds snapshots of its own' : '',
  ].filter(Boolean)
}

function features(header: Buffer): string[] {
  const bits = header.readBigUInt64BE(72)
  return [
    bits & corruptBit ? 'it is marked as damaged' : '',
    bits & dataFileBit ? 'its data is in another file (a data file)' : '',
    bits & ~(harmlessBits | corruptBit | dataFileBit) ? 'it needs features that are not known' : '',
  ].filter(Boolean)
}

/** Whether its tables lie in the file and have room for all of the disk. */
function tables(header: Buffer, size: number): string[] {
  const clusterBits = header.readUInt32BE(20)
  if (clusterBits < 9 || clusterBits > 21) return [`its clusters of 2^${clusterBits} bytes are none that qcow2 knows`]
  const l1Bytes = header.readUInt32BE(36) * 8
  const inL1 = 2 ** (clusterBits - 3 + clusterBits)
  const isShort = (l1Bytes / 8) * inL1 < u64be(header, 24)
  const isOutside = l1Bytes > longestL1Bytes || u64be(header, 40) + l1Bytes > size || u64be(header, 48) >= size
  return [
    isShort ? 'its tables are too short for its disk' : '',
    isOutside ? 'its tables lie beyond its end: it is cut short or damaged' : '',
  ].filter(Boolean)
}

/** The chain of extensions behind the header; one that names a data file counts even when no bit does. */
async function extensions(source: Source, start: number): Promise<string[]> {
  let at = start
  for (let count = 0; count < 64; count++) {
    const head = await source.at(at, 8)
    const type = head?.readUInt32BE(0)
    if (head === undefined || type === extensionNames.end) return []
    if (type === extensionNames.dataFile) return ['it names another file for its data']
    at += 8 + Math.ceil(head.readUInt32BE(4) / 8) * 8
  }
  return ['its header has more extensions than any']
}
