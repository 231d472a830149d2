import type { Acl, Owner } from './acl.ts'
import type { LifecycleRule } from './lifecycle.ts'

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

/** A piece of an upload's object: what is known of the part that it was. */
export interface Piece extends Data {
  /** Hex MD5 of the part's bytes. */
  readonly etag?: string
  /** The part's checksum in base64, by the algorithm of the object's. */
  readonly checksum?: string
}

/** The algorithms of additional checksums, as in header names. */
export type ChecksumAlgorithm = 'crc32' | 'crc32c' | 'crc64nvme' | 'sha1' | 'sha256'

/** A checksum beside the ETag, of bytes that arrived in one piece. */
export interface PlainChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64. */
  readonly value: string
}

/** How the checksum of an upload's object is made: over all bytes, or over the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** The checksum of an object; the value of a composite one ends in `-<parts>`. */
export interface ObjectChecksum extends PlainChecksum {
  readonly type: ChecksumType
}

/** A tag of a bucket or of an object. */
export interface Tag {
  readonly key: string
  readonly value: string
}

/** Which pages of other origins may use a bucket, and how. `*` stands for any characters, once in a pattern. */
export interface CorsRule {
  readonly id?: string
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  /** Names of headers that a request may have. */
  readonly headers: readonly string[]
  /** Names of headers that a page may read of an answer. */
  readonly exposed: readonly string[]
  /** Seconds for which a browser may remember the answer to its preflight request. */
  readonly maxAge?: number
}

/** What of ACLs and policies that make a bucket public is refused when it is set, or does not count. */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean
  readonly ignorePublicAcls: boolean
  readonly blockPublicPolicy: boolean
  readonly restrictPublicBuckets: boolean
}

/** What the owner of a bucket set for it beside its ACL; what is undefined is not set. */
export interface BucketConfigurations {
  /** By key. */
  readonly tags?: readonly Tag[] | undefined
  readonly cors?: readonly CorsRule[] | undefined
  readonly lifecycle?: readonly LifecycleRule[] | undefined
  /** The document, as it was sent. */
  readonly policy?: string | undefined
  readonly publicAccessBlock?: PublicAccessBlock | undefined
}

/** Whether writes and deletions keep what was there before. */
export type Versioning = 'Enabled' | 'Suspended'

export interface BucketRecord extends BucketConfigurations {
  readonly name: string
  readonly acl: Acl
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The location constraint it was made with; '' when none was sent. */
  readonly location: string
  /** Left out until it is set for the first time; it can be suspended but not taken back. */
  readonly versioning?: Versioning
}

/** What is kept about an object beside its bytes and is answered with them. */
export interface ObjectHeaders {
  /** Content-Type, Cache-Control and the like, by lower-case header name. */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata by name, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  /** By key; left out when there are none. */
  readonly tags?: readonly Tag[] | undefined
}

/** Which of the versions of its key a record is. */
export interface VersionIdentity {
  /** Left out of the `null` version: what was stored while versioning was not enabled. */
  readonly versionId?: string | undefined
  /** Greater than those of the older versions of the key; left out where there was no versioning yet, which is 0. */
  readonly sequence?: number | undefined
}

export interface ObjectRecord extends ObjectHeaders, VersionIdentity {
  readonly bucket: string
  readonly key: string
  readonly acl: Acl
  readonly data: Data
  /** Hex MD5 of the bytes, or for an upload `<hex MD5 of the parts' MD5s>-<parts>`; without quotes. */
  readonly etag: string
  readonly checksum?: ObjectChecksum | undefined
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** The upload that made it, so that a repeated completion finds its result. */
  readonly uploadId?: string | undefined
}

/** A version that says that there is no object any more. */
export interface DeleteMarkerRecord extends VersionIdentity {
  readonly deleteMarker: true
  readonly bucket: string
  readonly key: string
  readonly owner: Owner
  /** Milliseconds since 1970. */
  readonly lastModified: number
}

export type VersionRecord = ObjectRecord | DeleteMarkerRecord

export interface UploadRecord extends ObjectHeaders {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
  /** The ACL that the object will have; its owner is the object's. */
  readonly acl: Acl
  readonly initiator: Owner
  /** Which checksum its parts and its object have; none was asked for when left out. */
  readonly checksum?: Pick<ObjectChecksum, 'algorithm' | 'type'>
  /** Milliseconds since 1970. */
  readonly initiatedAt: number
}

export interface PartRecord {
  /** 1 to 10,000. */
  readonly partNumber: number
  readonly data: Data
  /** Hex MD5 of the part's bytes. */
  readonly etag: string
  readonly checksum?: PlainChecksum
  /** Milliseconds since 1970. */
  readonly lastModified: number
}
