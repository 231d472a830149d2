import type { UploadName } from '../../objects/uploads.ts'
import { fault } from '../faults.ts'
import { numberOf } from '../numbers.ts'
import type { S3Call } from '../operation.ts'

/** The upload that a request names. */
export function uploadName({ bucket, key, query }: S3Call): UploadName {
  return { bucket, key, uploadId: query.get('uploadId') ?? '' }
}

const mostParts = 10_000

/** The number of the part that a request brings, 1 to 10,000. Throws InvalidArgument. */
export function partNumberOf(call: S3Call): number {
  const partNumber = numberOf(call, 'partNumber', 0)
  if (partNumber >= 1 && partNumber <= mostParts) return partNumber
  throw fault('invalidArgument', `Part number must be an integer between 1 and ${mostParts}, inclusive`)
}
