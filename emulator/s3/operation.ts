import type { Readable } from 'node:stream'
import type { Fidelity } from '../../src/protocol/faults.ts'
import type { CallerRole } from '../../src/protocol/operation.ts'
import type { RestSubject } from '../../src/protocol/rest.ts'
import { serviceHost } from '../../src/protocol/service-host.ts'
import type { AccessKey } from '../../src/protocol/signature/request.ts'
import type { Permission, Requester } from '../objects/acl.ts'
import type { BucketRecord, ObjectRecord, PlainChecksum } from '../objects/records.ts'
import type { ObjectStore } from '../objects/store.ts'
import type { Clock } from '../state/clock.ts'

/** An account as Object Storage shows it. */
export interface S3Account {
  readonly id: string
  readonly name: string
  /** 64 hex digits. */
  readonly canonicalId: string
}

/** Whose an access key is. */
export interface S3Sender extends AccessKey {
  readonly requester: Requester
  readonly arn?: string
  /** What the policies of a role allow whose session's key it is. */
  readonly may?: CallerRole['may']
}

/** What of the cloud Object Storage touches. */
export interface S3World {
  readonly objects: ObjectStore
  readonly settings: {
    readonly fidelity: Fidelity
    readonly region: string
    readonly regionIsNamed?: boolean
    /** Milliseconds that lifecycle rules mean by a day. */
    readonly lifecycleDay: number
  }
  readonly clock: Clock
  readonly accounts: {
    byId(id: string): S3Account | undefined
    byCanonicalId(canonicalId: string): S3Account | undefined
    byName(name: string): S3Account | undefined
  }
  /** Who holds an access key, with the security token that came with it: for forms, which are signed in themselves. */
  sender(accessKeyId: string, securityToken: string | undefined): S3Sender | undefined
}

/** What is computed of a body on its way; asked for after its end. */
export interface BodyDigests {
  /** Hex. */
  readonly md5: string
  /** Base64; present when the client sent one. */
  readonly checksum?: PlainChecksum
}

/** The other end of a connection. */
export interface Peer {
  /** Undefined when it is gone already. */
  readonly address: string | undefined
  readonly isSecure: boolean
}

/** The URL that leads a client to the bucket again, in the style in which it came: without a slash at its end. */
export function bucketUrl({ bucket, peer, headers }: Pick<S3Call, 'bucket' | 'peer' | 'headers'>): string {
  const { host = '' } = headers
  const path = serviceHost(host)?.bucket === undefined ? `/${bucket}` : ''
  return `${peer.isSecure ? 'https' : 'http'}://${host}${path}`
}

/** A request as an operation sees it. */
export interface S3Call {
  /** Bucket and key, decoded; '' where the path has none. */
  readonly bucket: string
  readonly key: string
  /** The first value of each query parameter. */
  readonly query: ReadonlyMap<string, string>
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The whole body, of an operation that does not stream it. */
  readonly content: Buffer
  /** The body of an operation that streams it. It is good only if it ends. */
  stream(): Readable
  /** Bytes, when the client said it. */
  readonly contentLength: number | undefined
  readonly digests: (() => BodyDigests) | undefined
  readonly requester: Requester
  /** The user or the session that asks, as policies name it. */
  readonly arn: string | undefined
  readonly peer: Peer
}

/** What an operation answers. */
export interface S3Answer {
  /** 200 when left out. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** A whole XML document. */
  readonly xml?: string
  /** The bytes of an object, at hand or as a stream; Content-Length must be among the headers. */
  readonly bytes?: Buffer
  readonly stream?: Readable
}

/** Where an operation lives: the router picks by this data. */
export interface S3Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD'
  readonly of: RestSubject
  /** The query parameter that chooses it (src/protocol/rest.ts). */
  readonly sub?: string
  /** A header that chooses it over one without. */
  readonly header?: string
}

/**
 * Who may run an operation: any account; who has a permission on the bucket or owns it; who has a permission on the
 * object, or owns its bucket; whoever the operation itself lets (`anyone`); `keys`, who has a permission on the bucket,
 * but in AWS, and where it has a policy, the operation must ask for each key that it is about; or `opens`, who has a permission on the
 * object, which the operation asks of the very one that it opens; or `upload`, who began the upload (access.ts).
 */
export type Access =
  | 'anyone'
  | 'account'
  | { readonly bucket: Permission | 'owner' }
  | { readonly keys: Permission }
  | { readonly opens: Permission }
  | { readonly upload: Permission }
  | { readonly object: Permission | 'owner' }

/** What was looked up to decide on access. */
export type Found<Of extends Access> = Of extends { object: Permission | 'owner' }
  ? { readonly bucket: BucketRecord; readonly object: ObjectRecord }
  : Of extends { bucket: Permission | 'owner' } | { keys: Permission } | { opens: Permission } | { upload: Permission }
    ? { readonly bucket: BucketRecord }
    : object

/** One operation of S3. */
export interface S3Operation<Of extends Access = Access> {
  readonly name: string
  readonly route: S3Route
  readonly access: Of
  /** The only fidelity that has it; left out when both do. */
  readonly fidelity?: Fidelity
  /** `stream`, or the most bytes that are read before it runs. */
  readonly body: 'stream' | number
  run(world: S3World, call: S3Call, found: Found<Of>): Promise<S3Answer>
}

/** The limit for bodies that say no other (eucalyptus-behaviour.md section 10.1): configurations are small. */
const smallBody = 300 * 1024

/** Declares an operation; the file that default-exports it bears its name. */
export function s3Operation<const Of extends Access>(
  name: string,
  { body = smallBody, ...rest }: Omit<S3Operation<Of>, 'name' | 'body'> & { body?: 'stream' | number },
): S3Operation<Of> {
  return { name, body, ...rest }
}
