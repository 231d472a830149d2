import type { Readable } from 'node:stream'
import { type Acl, allowed, type Owner, type Requester } from './acl.ts'
import { type ByteRange, hold, piecesOf } from './data.ts'
import { bucketNamed, checked, type Engine, lock, removeLater } from './engine.ts'
import { indexKey } from './keys.ts'
import { listObjects } from './object-listing.ts'
import type { ListedObject } from './object-rows.ts'
import type { Page, PageRequest } from './paging.ts'
import { type Incoming, receive } from './receive.ts'
import type { BucketRecord, ObjectChecksum, ObjectHeaders, ObjectRecord, Piece, VersionRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'
import { type ListedVersion, listVersions, type VersionsRequest } from './version-listing.ts'
import {
  addDeleteMarker,
  findVersion,
  isDeleteMarker,
  newestVersion,
  nullVersion,
  objectNamed,
  removeVersion,
  rewriteObject,
  succeed,
  versionIdOf,
} from './versions.ts'

/** An object to store; its ACL names its owner. */
export interface NewObject extends ObjectHeaders, Incoming {
  readonly bucket: string
  readonly key: string
  readonly acl: Acl
  /** The checksum to keep, asked for after the end of the body. */
  readonly checksumOf?: (() => ObjectChecksum | undefined) | undefined
  /** Sees the object that is there when the new one would replace it; throws to refuse that. */
  readonly condition?: (present: ObjectRecord | undefined) => void
}

/** An object to look at. */
export interface SeenObject {
  readonly record: ObjectRecord
  /** The parts if an upload made the object; else one piece. */
  readonly pieces: readonly Piece[]
}

/** An object whose bytes stay as they are, whoever overwrites or deletes it, until it is read or closed. */
export interface OpenObject extends SeenObject {
  /** The bytes, or a range of them. It must be read to its end or destroyed. */
  body(range?: ByteRange, options?: { readonly isPiped: boolean }): Readable
  /** The same without a stream, where the bytes are at hand; the object must still be closed. */
  atHand(range: ByteRange): Buffer | undefined
  close(): void
}

/** Which version to open, and for whom. */
export interface ToOpen {
  readonly versionId?: string | undefined
  readonly requester?: Requester | undefined
  /** Decides on the very object that is opened, where not its ACL alone does. */
  readonly may?: (object: ObjectRecord) => boolean
}

/** What is to be deleted, and how. */
export interface Deletion {
  /** The version to remove for good; `null` is the one without an id. */
  readonly versionId?: string | undefined
  /** Who owns the delete marker; the owner of the bucket unless told otherwise. */
  readonly owner?: Owner
  /** Makes no delete marker for a key that has no versions. */
  readonly onlyPresent?: boolean
  /** Sees what is to be removed or hidden, be it a delete marker; throws to refuse that. */
  readonly condition?: (present: VersionRecord | undefined) => void
}

/** What a deletion has done. */
export interface Deleted {
  /** Whether a delete marker was removed or, without the id of a version, made. */
  readonly deleteMarker: boolean
  /** Of the version that was removed or made; left out where there was no versioning. */
  readonly versionId?: string
}

/** Objects of the store: see ObjectStore. */
export interface Objects {
  /** Reads the body to its end, then replaces what is there. Throws NoSuchBucket and what the body is destroyed with. */
  putObject(object: NewObject): Promise<ObjectRecord>
  findObject(bucket: string, key: string): Promise<ObjectRecord | undefined>
  /**
   * The version with an id, or without one the current object. Throws NoSuchBucket, NoSuchKey, NoSuchVersion and, for the
   * id of a delete marker, MethodNotAllowed.
   */
  getObject(bucket: string, key: string, versionId?: string): Promise<ObjectRecord>
  /** Opens what `getObject` gets; with a requester only if its ACL lets them read. Throws AccessDenied and those. */
  openObject(bucket: string, key: string, options?: ToOpen): Promise<OpenObject>
  /** What `openObject` would open, without its bytes. Throws as that does. */
  seeObject(bucket: string, key: string, options?: ToOpen): Promise<SeenObject>
  /** Opens and streams an object or a range of it; throws as `openObject`. */
  read(
    bucket: string,
    key: string,
    options?: { range?: ByteRange; requester?: Requester },
  ): Promise<{ record: ObjectRecord; body: Readable }>
  /** Replaces what `change` returns, in the version that `getObject` gets. Throws what that throws. */
  changeObject(
    bucket: string,
    key: string,
    change: (object: ObjectRecord) => Partial<Pick<ObjectRecord, 'acl' | 'tags'>>,
    versionId?: string,
  ): Promise<void>
  /**
   * Removes an object, or a version for good. Where there is or was versioning, an object is kept, as a version that is
   * not current, and a delete marker stands in its place. Undefined when there was nothing to do. Throws NoSuchBucket.
   */
  deleteObject(bucket: string, key: string, deletion?: Deletion): Promise<Deleted | undefined>
  /** A page of the keys, in order of their UTF-8 bytes. Throws NoSuchBucket. */
  listObjects(bucket: string, request: PageRequest): Promise<Page<ListedObject>>
  /** A page of the versions, delete markers among them, by key and from the newest on. Throws NoSuchBucket. */
  listVersions(bucket: string, request: VersionsRequest): Promise<Page<ListedVersion>>
}

const find = ({ tables }: Engine, bucket: string, key: string) => tables.object(bucket, key)

/** Holds the locks under which an object may be written. */
const writing = <Result>(engine: Engine, bucket: string, key: string, work: () => Promise<Result>) =>
  engine.locks.hold([lock.inBucket(bucket), lock.object(bucket, key)], work)

async function putObject(engine: Engine, object: NewObject): Promise<ObjectRecord> {
  const { bucket, key, acl, headers, metadata, tags, condition } = object
  const received = await receive(engine, object)
  return writing(engine, bucket, key, async () => {
    const { identity, displace } = await checked(received, () => {
      const home = bucketNamed(engine, bucket)
      const present = find(engine, bucket, key)
      condition?.(present)
      return succeed(engine, home, key, present)
    })
    const { data, md5: etag } = received
    const checksum = object.checksumOf?.()
    const lastModified = engine.clock.now().getTime()
    const { versionId, sequence } = identity
    const record: ObjectRecord = {
      bucket,
      key,
      acl,
      headers,
      metadata,
      data,
      etag,
      lastModified,
      checksum,
      tags,
      versionId,
      sequence,
    }
    let files: string[] = []
    await engine.tables.commit((writes) => {
      received.keep(writes)
      files = displace(writes)
      writes.put(engine.tables.objects, indexKey([bucket], key), record)
    })
    removeLater(engine, files)
    return record
  })
}

/** The version that is named, if it may be read. */
function readable(engine: Engine, bucket: string, key: string, { requester, versionId, may }: ToOpen): ObjectRecord {
  const record = objectNamed(engine, bucket, key, versionId)
  const isAllowed = may ? may(record) : !requester || allowed(record.acl, requester, 'READ')
  if (isAllowed) return record
  throw new StoreRefusal('AccessDenied', `${bucket}/${key}`)
}

function openObject(engine: Engine, bucket: string, key: string, options: ToOpen): OpenObject {
  const record = readable(engine, bucket, key, options)
  const { pieces, stream, atHand, letGo } = hold(engine, engine.leases, record.data)
  const whole = { start: 0, end: record.data.size - 1 }
  return { record, pieces, body: (range = whole, options) => stream(range, options), atHand, close: letGo }
}

async function deleteObject(engine: Engine, bucket: BucketRecord, key: string, deletion: Deletion) {
  const { tables, clock } = engine
  const { owner = bucket.acl.owner, condition } = deletion
  const isVersioned = bucket.versioning !== undefined
  if (deletion.versionId !== undefined && (isVersioned || deletion.versionId !== nullVersion))
    return deleteVersion(engine, bucket, key, deletion.versionId, condition)
  const present = find(engine, bucket.name, key)
  const found = present ?? (isVersioned ? newestVersion(engine, bucket.name, key) : undefined)
  condition?.(found)
  if (!found && (!isVersioned || deletion.onlyPresent)) return undefined
  const { identity, displace } = succeed(engine, bucket, key, present)
  const lastModified = clock.now().getTime()
  let files: string[] = []
  await tables.commit((writes) => {
    if (present) writes.remove(tables.objects, indexKey([bucket.name], key))
    files = displace(writes)
    if (isVersioned)
      addDeleteMarker(engine, writes, {
        deleteMarker: true,
        bucket: bucket.name,
        key,
        owner,
        lastModified,
        ...identity,
      })
  })
  removeLater(engine, files)
  return isVersioned ? { deleteMarker: true, versionId: versionIdOf(identity) } : { deleteMarker: false }
}

async function deleteVersion(
  engine: Engine,
  bucket: BucketRecord,
  key: string,
  versionId: string,
  condition: Deletion['condition'],
): Promise<Deleted | undefined> {
  const version = findVersion(engine, bucket, key, versionId)
  condition?.(version)
  if (!version) return undefined
  let files: string[] = []
  await engine.tables.commit((writes) => {
    files = removeVersion(engine, writes, version)
  })
  removeLater(engine, files)
  return { deleteMarker: isDeleteMarker(version), versionId }
}

/** Objects over an engine. */
export function createObjects(engine: Engine): Objects {
  const { tables } = engine
  return {
    putObject: (object) => putObject(engine, object),
    findObject: async (bucket, key) => find(engine, bucket, key),
    getObject: async (bucket, key, versionId) => objectNamed(engine, bucket, key, versionId),
    openObject: async (bucket, key, options = {}) => openObject(engine, bucket, key, options),
    async seeObject(bucket, key, options = {}) {
      const record = readable(engine, bucket, key, options)
      return { record, pieces: piecesOf(tables, record.data) }
    },
    async read(bucket, key, { range, requester } = {}) {
      const { record, body } = openObject(engine, bucket, key, { requester })
      return { record, body: body(range) }
    },
    changeObject: (bucket, key, change, versionId) =>
      writing(engine, bucket, key, async () => {
        const object = objectNamed(engine, bucket, key, versionId)
        const changed = { ...object, ...change(object) }
        await tables.commit((writes) => rewriteObject(engine, writes, changed))
      }),
    deleteObject: (bucket, key, deletion = {}) =>
      writing(engine, bucket, key, () => deleteObject(engine, bucketNamed(engine, bucket), key, deletion)),
    async listObjects(bucket, request) {
      bucketNamed(engine, bucket)
      return listObjects(tables, bucket, request)
    },
    listVersions: async (bucket, request) => listVersions(engine, bucketNamed(engine, bucket), request),
  }
}
