import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { etagOfParts, piecesOf } from './data.ts'
import { type FileSpace, filePath } from './file-space.ts'
import { indexKey } from './keys.ts'
import type { DataOwner } from './owners.ts'
import type { ChecksumType, Data } from './records.ts'
import type { Tables } from './tables.ts'

/** A checksum under way. */
interface Sum {
  update(bytes: Buffer): void
  digest(): Buffer
}

/** The algorithms of stored checksums, which the store itself keeps as they came. */
export interface Sums {
  start(algorithm: string): Sum
  /** That of an object from those of its parts, which are base64. */
  ofParts(algorithm: string, type: ChecksumType, parts: readonly { value: string; size: number }[]): string
}

/** Where bytes are looked for. */
export interface Place {
  readonly tables: Tables
  readonly files: FileSpace
  /** The folder of the files. */
  readonly root: string
  readonly sums: Sums
}

/** What can be wrong with the bytes of a record. */
export interface BadBytes {
  readonly kind: 'missing' | 'size' | 'md5' | 'checksum' | 'layout'
  readonly detail: string
}

const bad = (kind: BadBytes['kind'], detail: string): BadBytes => ({ kind, detail })

/** The sums of one piece, or what is wrong with it before anything can be summed. */
type Summed = { readonly md5: string; readonly checksum: string | undefined } | BadBytes

async function sizeOf({ root }: Place, id: string): Promise<number | undefined> {
  try {
    return (await stat(filePath(root, id))).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function sumPiece(place: Place, { kind, id, size }: Data, algorithm: string | undefined): Promise<Summed> {
  const inline = kind === 'inline' ? place.tables.inline.get(indexKey([], id)) : undefined
  const found = kind === 'inline' ? inline?.length : await sizeOf(place, id)
  if (found === undefined) return bad('missing', `the bytes ${id} are not there`)
  if (found !== size) return bad('size', `the bytes ${id} are ${found}, not ${size}`)
  const md5 = createHash('md5')
  const sum = algorithm === undefined ? undefined : place.sums.start(algorithm)
  const chunks = inline ? [inline] : size > 0 ? place.files.read(id, 0, size - 1) : []
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    md5.update(chunk)
    sum?.update(chunk)
  }
  return { md5: md5.digest('hex'), checksum: sum?.digest().toString('base64') }
}

/** Reads all bytes of a record. What is wrong with them, or undefined. */
export async function verify(place: Place, { data, etag, checksum }: DataOwner): Promise<BadBytes | undefined> {
  const pieces = piecesOf(place.tables, data)
  if (data.kind === 'parts') {
    const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
    if (!pieces.length || size !== data.size)
      return bad('layout', `its ${pieces.length} parts have ${size} bytes, not ${data.size}`)
  }
  const sums: { md5: string; value: string; size: number }[] = []
  for (const piece of pieces) {
    const summed = await sumPiece(place, piece, checksum?.algorithm)
    if ('kind' in summed) return summed
    if (piece.etag !== undefined && piece.etag !== summed.md5)
      return bad('md5', `the part ${piece.id} has the MD5 ${summed.md5}, not ${piece.etag}`)
    sums.push({ md5: summed.md5, value: summed.checksum ?? '', size: piece.size })
  }
  const md5 = data.kind === 'parts' ? etagOfParts(sums.map((one) => one.md5)) : sums[0]?.md5
  if (md5 !== etag) return bad('md5', `its bytes have the MD5 ${md5}, not ${etag}`)
  if (!checksum) return undefined
  const { algorithm, value } = checksum
  const type = 'type' in checksum ? checksum.type : 'FULL_OBJECT'
  const found = data.kind === 'parts' ? place.sums.ofParts(algorithm, type, sums) : sums[0]?.value
  return found === value ? undefined : bad('checksum', `its ${algorithm} is ${found}, not ${value}`)
}
