/** The CRCs that can be combined. */
export type CombinableCrc = 'crc32' | 'crc32c' | 'crc64nvme'

/** Width in bits and reflected polynomial, whose highest bit is x^0. */
const polynomials: Readonly<Record<CombinableCrc, { readonly width: bigint; readonly polynomial: bigint }>> = {
  crc32: { width: 32n, polynomial: 0xedb88320n },
  crc32c: { width: 32n, polynomial: 0x82f63b78n },
  crc64nvme: { width: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
}

/** A CRC in base64 and how many bytes it is of. */
export interface SizedCrc {
  readonly value: string
  readonly size: number
}

/**
 * The CRC (base64) of all bytes, from those of their pieces in order, without the bytes: appending n bytes multiplies a
 * CRC by x^8n modulo the polynomial, then the CRC of what was appended is added (Mark Adler's argument in zlib).
 */
export function combineCrcs(algorithm: CombinableCrc, pieces: readonly SizedCrc[]): string {
  const { width, polynomial } = polynomials[algorithm]
  const one = 1n << (width - 1n)
  const multiply = (a: bigint, b: bigint): bigint => {
    let [product, shifted] = [0n, b]
    for (let bit = one; bit > 0n; bit >>= 1n) {
      if (a & bit) product ^= shifted
      shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
    }
    return product
  }
  const shiftOf = (size: number): bigint => {
    let [result, square] = [one, one >> 8n]
    for (let left = BigInt(size); left > 0n; left >>= 1n) {
      if (left & 1n) result = multiply(result, square)
      square = multiply(square, square)
    }
    return result
  }
  // The parts of an upload have one size, mostly.
  const shifts = new Map<number, bigint>()
  const crc = pieces.reduce((sum, { value, size }) => {
    const shift = shifts.get(size) ?? shiftOf(size)
    shifts.set(size, shift)
    return multiply(sum, shift) ^ BigInt(`0x${Buffer.from(value, 'base64').toString('hex')}`)
  }, 0n)
  return Buffer.from(crc.toString(16).padStart(Number(width) / 4, '0'), 'hex').toString('base64')
}
