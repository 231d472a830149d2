/**
 * CRCs of which Node has none, eight bytes at a step. All are reflected, begin with ones and end complemented (RFC 3720
 * for CRC32C, the NVM Express base specification for CRC64NVME).
 */

/** A CRC under way. */
export interface Crc {
  update(data: Uint8Array): void
  /** Big-endian, as S3 shows it. */
  digest(): Buffer
}

/** How many bytes one step takes, and so how many tables there are. */
const stride = 8

/**
 * For each of the last bytes of a step, what it does to the low and the high half of a 64-bit register; the table of
 * the byte that is shifted out last comes first, 256 entries each. A 32-bit CRC lives in the low halves.
 */
function crcTables(low: number, high: number, width: 32 | 64): { low: Int32Array; high: Int32Array } {
  const tables = { low: new Int32Array(256 * stride), high: new Int32Array(256 * stride) }
  for (let byte = 0; byte < 256; byte++) {
    let [a, b] = [byte, 0]
    for (let bit = 0; bit < 8 * stride; bit++) {
      const odd = a & 1
      a = width === 64 ? (a >>> 1) | (b << 31) : a >>> 1
      b >>>= 1
      if (odd) [a, b] = [a ^ low, b ^ high]
      if (bit % 8 !== 7) continue
      const at = (bit >> 3) * 256 + byte
      tables.low[at] = a
      tables.high[at] = b
    }
  }
  return tables
}

const castagnoli = crcTables(0x82f63b78, 0, 32).low
const { low: nvmeLow, high: nvmeHigh } = crcTables(0xac4bc9b5, 0x9a6c9329, 64)

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/*
 * The loops are written out for speed (about three times that of a byte at a time). No index is outside of its array:
 * `?? 0` is for the type checker alone.
 */

function advance32(register: number, data: Uint8Array, table: Int32Array): number {
  let value = register
  let from = 0
  for (; from + stride <= data.length; from += stride) {
    const a =
      value ^
      ((data[from] ?? 0) | ((data[from + 1] ?? 0) << 8) | ((data[from + 2] ?? 0) << 16) | ((data[from + 3] ?? 0) << 24))
    value =
      (table[1792 + (a & 255)] ?? 0) ^
      (table[1536 + ((a >>> 8) & 255)] ?? 0) ^
      (table[1280 + ((a >>> 16) & 255)] ?? 0) ^
      (table[1024 + (a >>> 24)] ?? 0) ^
      (table[768 + (data[from + 4] ?? 0)] ?? 0) ^
      (table[512 + (data[from + 5] ?? 0)] ?? 0) ^
      (table[256 + (data[from + 6] ?? 0)] ?? 0) ^
      (table[data[from + 7] ?? 0] ?? 0)
  }
  for (; from < data.length; from++) value = (value >>> 8) ^ (table[(value ^ (data[from] ?? 0)) & 255] ?? 0)
  return value
}

/** Starts a CRC32C. */
export function startCrc32c(): Crc {
  let register = -1
  return {
    update(data) {
      register = advance32(register, data, castagnoli)
    },
    digest: () => uint32(~register),
  }
}

/** Advances a register of two halves, the low one first: BigInt would cost a hundred times as much. */
function advance64(register: Int32Array, data: Uint8Array, lows: Int32Array, highs: Int32Array): void {
  let low = register[0] ?? 0
  let high = register[1] ?? 0
  let from = 0
  for (; from + stride <= data.length; from += stride) {
    const a =
      low ^
      ((data[from] ?? 0) | ((data[from + 1] ?? 0) << 8) | ((data[from + 2] ?? 0) << 16) | ((data[from + 3] ?? 0) << 24))
    const b =
      high ^
      ((data[from + 4] ?? 0) |
        ((data[from + 5] ?? 0) << 8) |
        ((data[from + 6] ?? 0) << 16) |
        ((data[from + 7] ?? 0) << 24))
    low =
      (lows[1792 + (a & 255)] ?? 0) ^
      (lows[1536 + ((a >>> 8) & 255)] ?? 0) ^
      (lows[1280 + ((a >>> 16) & 255)] ?? 0) ^
      (lows[1024 + (a >>> 24)] ?? 0) ^
      (lows[768 + (b & 255)] ?? 0) ^
      (lows[512 + ((b >>> 8) & 255)] ?? 0) ^
      (lows[256 + ((b >>> 16) & 255)] ?? 0) ^
      (lows[b >>> 24] ?? 0)
    high =
      (highs[1792 + (a & 255)] ?? 0) ^
      (highs[1536 + ((a >>> 8) & 255)] ?? 0) ^
      (highs[1280 + ((a >>> 16) & 255)] ?? 0) ^
      (highs[1024 + (a >>> 24)] ?? 0) ^
      (highs[768 + (b & 255)] ?? 0) ^
      (highs[512 + ((b >>> 8) & 255)] ?? 0) ^
      (highs[256 + ((b >>> 16) & 255)] ?? 0) ^
      (highs[b >>> 24] ?? 0)
  }
  for (; from < data.length; from++) {
    const index = (low ^ (data[from] ?? 0)) & 255
    low = ((low >>> 8) | (high << 24)) ^ (lows[index] ?? 0)
    high = (high >>> 8) ^ (highs[index] ?? 0)
  }
  register[0] = low
  register[1] = high
}

/** Starts a CRC64NVME. */
export function startCrc64nvme(): Crc {
  const register = Int32Array.of(-1, -1)
  return {
    update: (data) => advance64(register, data, nvmeLow, nvmeHigh),
    digest: () => Buffer.concat([uint32(~(register[1] ?? 0)), uint32(~(register[0] ?? 0))]),
  }
}
