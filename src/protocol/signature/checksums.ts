import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { startCrc32c, startCrc64nvme } from './crc.ts'
import { combineCrcs, type SizedCrc } from './crc-combine.ts'

/** The algorithms of the x-amz-checksum- headers and trailers. */
export const checksumAlgorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const

/** One of the algorithms of the x-amz-checksum- headers. */
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** A checksum under way: feed it, then take the digest once. Its base64 is what S3 shows. */
export interface Checksum {
  update(data: Buffer): void
  digest(): Buffer
}

/** The length of each checksum in bytes, to tell a malformed value from a wrong one. */
export const checksumLengths: Record<ChecksumAlgorithm, number> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
}

function startCrc32(): Checksum {
  let value = 0
  return {
    update(data) {
      value = crc32(data, value)
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes
    },
  }
}

/** Starts a checksum. */
export function startChecksum(algorithm: ChecksumAlgorithm | 'md5'): Checksum {
  if (algorithm === 'crc32') return startCrc32()
  if (algorithm === 'crc32c') return startCrc32c()
  if (algorithm === 'crc64nvme') return startCrc64nvme()
  return createHash(algorithm)
}

/** The checksum of all bytes at once. */
export function sumOf(algorithm: ChecksumAlgorithm | 'md5', bytes: Buffer): Buffer {
  if (algorithm === 'md5' || algorithm === 'sha1' || algorithm === 'sha256') return hash(algorithm, bytes, 'buffer')
  const sum = startChecksum(algorithm)
  sum.update(bytes)
  return sum.digest()
}

/** The algorithm of a name as x-amz-checksum-algorithm has it, such as `CRC32`, in any case; or undefined. */
export const checksumNamed = (name: string): ChecksumAlgorithm | undefined =>
  checksumAlgorithms.find((algorithm) => name.toLowerCase() === algorithm)

const checksumPrefix = 'x-amz-checksum-'

/** The algorithm behind a header or trailer name such as `x-amz-checksum-crc32`, or undefined. */
export const checksumOf = (header: string): ChecksumAlgorithm | undefined =>
  // Every header of a request is looked at: most are shorter.
  header.length > checksumPrefix.length && header.slice(0, checksumPrefix.length).toLowerCase() === checksumPrefix
    ? checksumNamed(header.slice(checksumPrefix.length))
    : undefined

/**
 * The checksum of an object that parts make (S3 user guide, "Checking object integrity"): over all its bytes, which is
 * found only by CRCs, or composite: that of the parts' checksums in a row, with `-` and the number of parts behind it.
 */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: 'FULL_OBJECT' | 'COMPOSITE',
  parts: readonly SizedCrc[],
): string {
  if (type === 'FULL_OBJECT') {
    if (algorithm === 'sha1' || algorithm === 'sha256') throw new Error(`${algorithm} cannot be combined`)
    return combineCrcs(algorithm, parts)
  }
  const sum = startChecksum(algorithm)
  for (const { value } of parts) sum.update(Buffer.from(value, 'base64'))
  return `${sum.digest().toString('base64')}-${parts.length}`
}
