import type { DeleteMarkerRecord } from './records.ts'

/** Why the store does not do what it was asked; the words are S3's error codes. */
export type RefusalCode =
  | 'AccessDenied'
  | 'BucketAlreadyExists'
  | 'BucketNotEmpty'
  | 'EntityTooSmall'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'KeyTooLong'
  | 'MethodNotAllowed'
  | 'NoSuchBucket'
  | 'NoSuchKey'
  | 'NoSuchUpload'
  | 'NoSuchVersion'
  | 'TooManyBuckets'

/** A request that the store understood and refuses. Nothing has changed. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
  readonly code: RefusalCode
  /** The bucket, `bucket/key` or upload that it is about. */
  readonly subject: string
  /** The delete marker that was found where an object was asked for. */
  readonly deleteMarker: DeleteMarkerRecord | undefined

  constructor(code: RefusalCode, subject: string, deleteMarker?: DeleteMarkerRecord) {
    super(`${code}: ${subject}`)
    this.code = code
    this.subject = subject
    this.deleteMarker = deleteMarker
  }
}
