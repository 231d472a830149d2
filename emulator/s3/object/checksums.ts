import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumNamed,
  checksumOf,
  startChecksum,
} from '../../../src/protocol/signature/checksums.ts'
import type { ChecksumType, ObjectChecksum, ObjectRecord, Piece, PlainChecksum } from '../../objects/records.ts'
import { fault } from '../faults.ts'
import type { BodyDigests, S3Call, S3World } from '../operation.ts'

/*
 * Checksums beside the ETag (S3 user guide, "Checking object integrity"). Eucalyptus does not know them: there they are
 * verified, as everywhere, but neither kept nor shown.
 */

type Headers = S3Call['headers']

/** The checksum that came with a body, to be kept; asked for after its end. */
export function sentChecksum(
  { settings }: S3World,
  digests: (() => BodyDigests) | undefined,
): (() => ObjectChecksum | undefined) | undefined {
  if (!digests || settings.fidelity === 'eucalyptus') return undefined
  return () => {
    const { checksum } = digests()
    return checksum && { ...checksum, type: 'FULL_OBJECT' }
  }
}

/** A checksum that is computed while the store reads the bytes, of which nobody sent one. */
export interface ComputedChecksum {
  observe(chunk: Buffer): void
  checksumOf(): ObjectChecksum
}

/** Starts a checksum for the store to feed. */
export function computedChecksum(algorithm: ChecksumAlgorithm): ComputedChecksum {
  const sum = startChecksum(algorithm)
  return {
    observe: (chunk) => sum.update(chunk),
    checksumOf: () => ({ algorithm, value: sum.digest().toString('base64'), type: 'FULL_OBJECT' }),
  }
}

/**
 * Which checksum a request brings, in a header or in the trailer. Throws InvalidRequest when x-amz-sdk-checksum-algorithm
 * promises one that is not there.
 */
export function announcedChecksum(headers: Headers): ChecksumAlgorithm | undefined {
  const trailing = (headers['x-amz-trailer'] ?? '').split(',').map((name) => checksumOf(name.trim()))
  const announced = checksumAlgorithms.find(
    (algorithm) => headers[`x-amz-checksum-${algorithm}`] !== undefined || trailing.includes(algorithm),
  )
  if (announced === undefined && headers['x-amz-sdk-checksum-algorithm'] !== undefined) {
    const missing = 'but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
    throw fault('invalidRequest', `x-amz-sdk-checksum-algorithm specified, ${missing}`)
  }
  return announced
}

/** The algorithm that x-amz-checksum-algorithm asks for. Throws InvalidRequest for one that there is not. */
export function wantedChecksum(headers: Headers): ChecksumAlgorithm | undefined {
  const name = headers['x-amz-checksum-algorithm']
  if (name === undefined) return undefined
  const algorithm = checksumNamed(name)
  if (algorithm) return algorithm
  const known = checksumAlgorithms.map((one) => one.toUpperCase()).join(', ')
  throw fault(
    'invalidRequest',
    `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${known}]`,
  )
}

/** A checksum as headers. */
export function checksumHeaders(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (!checksum) return {}
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type }
}

/** A checksum as the element of a document. */
export const checksumElement = ({ algorithm, value }: PlainChecksum): Record<string, string> => ({
  [`Checksum${algorithm.toUpperCase()}`]: value,
})

/** A checksum as elements of a document, with its type. */
export const checksumElements = (checksum: ObjectChecksum | undefined): Record<string, string> =>
  checksum ? { ...checksumElement(checksum), ChecksumType: checksum.type } : {}

/** Which algorithm and type something has, as elements of a document. */
export const algorithmElements = (
  checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType } | undefined,
): Record<string, string> =>
  checksum ? { ChecksumAlgorithm: checksum.algorithm.toUpperCase(), ChecksumType: checksum.type } : {}

/** The checksum that GET and HEAD show when they are asked to: that of the object, or of the part that is read. */
export function shownChecksum(
  headers: Headers,
  { checksum }: ObjectRecord,
  read: { readonly piece?: Piece | undefined; readonly isWhole: boolean },
): Record<string, string> {
  if (!checksum || headers['x-amz-checksum-mode']?.toUpperCase() !== 'ENABLED') return {}
  if (read.piece?.checksum !== undefined) return checksumHeaders({ ...checksum, value: read.piece.checksum })
  return read.isWhole ? checksumHeaders(checksum) : {}
}
