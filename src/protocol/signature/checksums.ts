import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

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

/** For each byte, what it does to the low and the high half of a reflected CRC register. */
function crcTable(low: number, high: number): { low: Uint32Array; high: Uint32Array } {
  const table = { low: new Uint32Array(256), high: new Uint32Array(256) }
  for (let byte = 0; byte < 256; byte++) {
    let [a, b] = [byte, 0]
    for (let bit = 0; bit < 8; bit++) {
      const odd = a & 1
      a = (a >>> 1) | (b << 31)
      b = b >>> 1
      if (odd) [a, b] = [a ^ low, b ^ high]
    }
    table.low[byte] = a
    table.high[byte] = b
  }
  return table
}

const castagnoli = crcTable(0x82f63b78, 0).low
const nvme = crcTable(0xac4bc9b5, 0x9a6c9329)

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

function crc32cChecksum(): Checksum {
  let register = 0xffffffff
  return {
    update(data) {
      let value = register
      for (let at = 0; at < data.length; at++)
        value = (value >>> 8) ^ (castagnoli[(value ^ (data[at] ?? 0)) & 0xff] ?? 0)
      register = value
    },
    digest: () => uint32(~register),
  }
}

/** Held in two halves: BigInt would cost a hundred times as much. */
function crc64nvmeChecksum(): Checksum {
  let [low, high] = [0xffffffff, 0xffffffff]
  return {
    update(data) {
      let [a, b] = [low, high]
      for (let at = 0; at < data.length; at++) {
        const index = (a ^ (data[at] ?? 0)) & 0xff
        a = ((a >>> 8) | (b << 24)) ^ (nvme.low[index] ?? 0)
        b = (b >>> 8) ^ (nvme.high[index] ?? 0)
      }
      low = a
      high = b
    },
    digest: () => Buffer.concat([uint32(~high), uint32(~low)]),
  }
}

function crc32Checksum(): Checksum {
  let value = 0
  return {
    update(data) {
      value = crc32(data, value)
    },
    digest: () => uint32(value),
  }
}

/** Starts a checksum. */
export function startChecksum(algorithm: ChecksumAlgorithm | 'md5'): Checksum {
  if (algorithm === 'crc32') return crc32Checksum()
  if (algorithm === 'crc32c') return crc32cChecksum()
  if (algorithm === 'crc64nvme') return crc64nvmeChecksum()
  return createHash(algorithm)
}

/** The algorithm behind a header or trailer name such as `x-amz-checksum-crc32`, or undefined. */
export const checksumOf = (header: string): ChecksumAlgorithm | undefined =>
  checksumAlgorithms.find((algorithm) => header.toLowerCase() === `x-amz-checksum-${algorithm}`)
