import type { Acl, Owner } from './acl.ts'

/**
 * Where the bytes of an object or of a part lie: in the index (up to 64 KiB), in one file, or in the parts that an
 * upload left, listed in the index under the same id. Ids are random and never used twice.
 */
export interface Data {
  readonly kind: 'inline' | 'file' | 'parts'
  readonly id: string
  /** Bytes. */
  readonly size: number
}

export interface BucketRecord {
  readonly name: string
  readonly acl: Acl
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The location constraint it was made with; '' when none was sent. */
  readonly location: string
}

/** What is kept about an object beside its bytes and is answered with them. */
export interface ObjectHeaders {
  /** Content-Type, Cache-Control and the like, by lower-case header name. */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata by name, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
}

export interface ObjectRecord extends ObjectHeaders {
  readonly bucket: string
  readonly key: string
  readonly acl: Acl
  readonly data: Data
  /** Hex MD5 of the bytes, or for an upload `<hex MD5 of the parts' MD5s>-<parts>`; without quotes. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** The upload that made it, so that a repeated completion finds its result. */
  readonly uploadId?: string
}

export interface UploadRecord extends ObjectHeaders {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  /** The ACL that the object will have; its owner is the object's. */
  readonly acl: Acl
  readonly initiator: Owner
  /** Milliseconds since 1970. */
  readonly initiatedAt: number
}

export interface PartRecord {
  /** 1 to 10,000. */
  readonly partNumber: number
  readonly data: Data
  /** Hex MD5 of the part's bytes. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly lastModified: number
}
