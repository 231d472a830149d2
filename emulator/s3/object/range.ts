import type { ByteRange } from '../../objects/data.ts'
import type { Piece } from '../../objects/records.ts'
import { fault } from '../faults.ts'

/**
 * The range that a Range header asks of `size` bytes. Undefined when it is to be ignored: none, several, or not of the
 * form, as S3 does. Throws InvalidRange when none of its bytes is there.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const isSuffix = first === ''
  const start = isSuffix ? Math.max(size - Number(last), 0) : Number(first)
  const end = isSuffix || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (!isSuffix && last !== '' && Number(last) < Number(first)) return undefined
  if (start > end) throw fault('invalidRange')
  return { start, end }
}

/** The bytes of one part of an object, by its number. Throws InvalidPartNumber. */
export function partRange(partNumber: number, pieces: readonly Piece[]): ByteRange {
  const piece = pieces[partNumber - 1]
  if (!piece) throw fault('invalidPartNumber')
  const start = pieces.slice(0, partNumber - 1).reduce((sum, { size }) => sum + size, 0)
  return { start, end: start + piece.size - 1 }
}
