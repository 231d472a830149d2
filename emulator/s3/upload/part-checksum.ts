import type { UploadRecord } from '../../objects/records.ts'
import type { NewPart } from '../../objects/uploads.ts'
import { fault } from '../faults.ts'
import { announcedChecksum, computedChecksum, sentChecksum } from '../object/checksums.ts'
import type { S3Call, S3World } from '../operation.ts'

/** The fault of a checksum by another algorithm than its upload's; `null` stands for none. */
export const checksumMismatch = (expected = 'null', actual = 'null') =>
  fault(
    'invalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${expected}, actual checksum Type: ${actual}`,
  )

/**
 * How the checksum of a part is found. Parts of an upload with a composite checksum must bring one; that of the whole
 * object needs one too, which is computed where none comes. Throws InvalidRequest.
 */
export function checksumOfPart(
  world: S3World,
  { digests, headers }: S3Call,
  { checksum }: UploadRecord,
): Pick<NewPart, 'observe' | 'checksumOf'> {
  if (world.settings.fidelity === 'eucalyptus') return {}
  const announced = announcedChecksum(headers)
  if (checksum && announced !== checksum.algorithm) {
    if (announced || checksum.type === 'COMPOSITE') throw checksumMismatch(checksum.algorithm, announced)
    return computedChecksum(checksum.algorithm)
  }
  return { checksumOf: sentChecksum(world, digests) }
}
