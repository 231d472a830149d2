/** Why the store does not do what it was asked; the words are S3's error codes. */
export type RefusalCode =
  | 'AccessDenied'
  | 'BucketAlreadyExists'
  | 'BucketNotEmpty'
  | 'EntityTooSmall'
  | 'InvalidPart'
  | 'InvalidPartOrder'
  | 'NoSuchBucket'
  | 'NoSuchKey'
  | 'NoSuchUpload'
  | 'TooManyBuckets'

/** A request that the store understood and refuses. Nothing has changed. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
  readonly code: RefusalCode
  /** The bucket, `bucket/key` or upload that it is about. */
  readonly subject: string

  constructor(code: RefusalCode, subject: string) {
    super(`${code}: ${subject}`)
    this.code = code
    this.subject = subject
  }
}
