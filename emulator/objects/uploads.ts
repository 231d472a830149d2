import type { Acl, Owner } from './acl.ts'
import { etagOfParts, piecesOf, release } from './data.ts'
import { bucketNamed, checked, type Engine, lock, removeLater } from './engine.ts'
import { afterPrefix, indexKey, partKey, seekKey } from './keys.ts'
import { type Page, type PageRequest, page } from './paging.ts'
import { type Incoming, receive } from './receive.ts'
import type {
  Data,
  ObjectChecksum,
  ObjectHeaders,
  ObjectRecord,
  PartRecord,
  Piece,
  PlainChecksum,
  UploadRecord,
} from './records.ts'
import { StoreRefusal } from './refusal.ts'
import { type Change, lookUp } from './tables.ts'
import { succeed } from './versions.ts'

/** An upload to begin. */
export interface NewUpload extends ObjectHeaders {
  readonly bucket: string
  readonly key: string
  readonly acl: Acl
  readonly initiator: Owner
  readonly checksum?: Pick<ObjectChecksum, 'algorithm' | 'type'>
}

/** A part to store. */
export interface NewPart extends Incoming {
  readonly partNumber: number
  /** The checksum to keep, asked for after the end of the body. */
  readonly checksumOf?: (() => PlainChecksum | undefined) | undefined
}

/** What is decided when an upload is completed, under its locks; both throw to refuse it. */
export interface Completion {
  /** Sees the object that the new one would replace. */
  readonly condition?: (present: ObjectRecord | undefined) => void
  /** Sees the parts that make the object; returns its checksum. */
  readonly checksumOf?: (upload: UploadRecord, parts: readonly PartRecord[]) => ObjectChecksum | undefined
}

/** Which upload: all three must agree. */
export interface UploadName {
  readonly bucket: string
  readonly key: string
  readonly uploadId: string
}

/** A part as the client lists it to complete an upload; the ETag without quotes. */
export interface ListedPart {
  readonly partNumber: number
  readonly etag: string
}

/** Every part but the last must have so many bytes (eucalyptus-behaviour.md section 10.1). */
export const smallestPart = 5 * 1024 * 1024

/** Multipart uploads of the store: see ObjectStore. */
export interface Uploads {
  /** Throws NoSuchBucket. */
  createUpload(upload: NewUpload): Promise<UploadRecord>
  /** Throws NoSuchBucket and NoSuchUpload. */
  getUpload(name: UploadName): Promise<UploadRecord>
  /** Stores a part, in place of one with the same number. Throws NoSuchBucket and NoSuchUpload. */
  putPart(name: UploadName, part: NewPart): Promise<PartRecord>
  /** The parts after a part number, by number. Throws NoSuchBucket and NoSuchUpload. */
  listParts(
    name: UploadName,
    request: { after: number; limit: number },
  ): Promise<{ parts: PartRecord[]; truncated: boolean }>
  /**
   * The uploads of a bucket, by key and then by the time they began; `afterUploadId` goes with `after`, a key. Throws
   * NoSuchBucket.
   */
  listUploads(bucket: string, request: PageRequest & { afterUploadId?: string }): Promise<Page<UploadRecord>>
  /**
   * Makes the object of the listed parts, in one commit; no byte is copied. Repeated with the same parts, it answers the
   * same while that object is the current one. Throws NoSuchBucket, NoSuchUpload, InvalidPart, InvalidPartOrder and
   * EntityTooSmall.
   */
  completeUpload(name: UploadName, parts: readonly ListedPart[], completion?: Completion): Promise<ObjectRecord>
  /** Throws NoSuchBucket and NoSuchUpload. */
  abortUpload(name: UploadName): Promise<void>
}

const uploadKey = ({ bucket, key, uploadId }: UploadName) => indexKey([bucket, key], uploadId)

function uploadNamed(engine: Engine, name: UploadName): UploadRecord {
  bucketNamed(engine, name.bucket)
  const upload = lookUp(engine.tables.uploads, uploadKey(name))
  const isNamed = upload?.key === name.key && upload.uploadId === name.uploadId
  if (!isNamed) throw new StoreRefusal('NoSuchUpload', name.uploadId)
  return upload
}

/** The parts of an upload that are stored, by number, from the one after `after` on. */
export function partsOf({ tables }: Pick<Engine, 'tables'>, uploadId: string, after = 0): Iterable<PartRecord> {
  const end = afterPrefix(indexKey([uploadId]))
  return tables.parts.getRange({ start: partKey(uploadId, after + 1), end }).map(({ value }) => value)
}

/** Removes an upload and those of its parts that are not kept, in a commit. Returns the files to remove. */
export function dropUpload(
  engine: Engine,
  writes: Change,
  upload: UploadName,
  kept: ReadonlySet<string> = new Set(),
): string[] {
  const { tables } = engine
  const files: string[] = []
  for (const { partNumber, data } of partsOf(engine, upload.uploadId)) {
    writes.remove(tables.parts, partKey(upload.uploadId, partNumber))
    if (!kept.has(data.id)) files.push(...release(tables, writes, data))
  }
  writes.remove(tables.uploads, uploadKey(upload))
  return files
}

async function putPart(engine: Engine, name: UploadName, newPart: NewPart): Promise<PartRecord> {
  const { tables } = engine
  uploadNamed(engine, name)
  const received = await receive(engine, newPart)
  return engine.locks.hold([lock.inBucket(name.bucket), lock.upload(name.uploadId)], async () => {
    await checked(received, () => uploadNamed(engine, name))
    const { partNumber } = newPart
    const key = partKey(name.uploadId, partNumber)
    const replaced = tables.parts.get(key)
    const { data, md5: etag } = received
    const checksum = newPart.checksumOf?.()
    const lastModified = engine.clock.now().getTime()
    const part: PartRecord = { partNumber, data, etag, lastModified, ...(checksum && { checksum }) }
    let files: string[] = []
    await tables.commit((writes) => {
      received.keep(writes)
      writes.put(tables.parts, key, part)
      if (replaced) files = release(tables, writes, replaced.data)
    })
    removeLater(engine, files)
    return part
  })
}

/** The parts that count of a list: of a number that is named twice in a row the last, as of a part that is sent twice. */
const namedParts = (listed: readonly ListedPart[]) =>
  listed.filter(({ partNumber }, index) => listed[index + 1]?.partNumber !== partNumber)

/**
 * Whether an object is what an upload made of the listed parts: such a completion is repeated by a client that missed the
 * answer. The parts' numbers are gone by then, their ETags say which they were.
 */
function isMadeOf({ tables }: Engine, { data }: ObjectRecord, listed: readonly ListedPart[]): boolean {
  const pieces = piecesOf(tables, data)
  const named = namedParts(listed)
  return pieces.length === named.length && pieces.every(({ etag }, index) => etag === named[index]?.etag)
}

/** The parts that a client lists, as they are stored. Throws InvalidPartOrder, InvalidPart and EntityTooSmall. */
function chosenParts(engine: Engine, { uploadId }: UploadName, listed: readonly ListedPart[]): PartRecord[] {
  const stored = new Map([...partsOf(engine, uploadId)].map((part) => [part.partNumber, part]))
  const named = namedParts(listed)
  const chosen = named.map(({ partNumber, etag }, index) => {
    if (partNumber <= (named[index - 1]?.partNumber ?? 0)) throw new StoreRefusal('InvalidPartOrder', uploadId)
    const part = stored.get(partNumber)
    if (!part || part.etag !== etag) throw new StoreRefusal('InvalidPart', `${uploadId} part ${partNumber}`)
    return part
  })
  const short = chosen.slice(0, -1).find(({ data }) => data.size < smallestPart)
  if (short) throw new StoreRefusal('EntityTooSmall', `${uploadId} part ${short.partNumber}`)
  return chosen
}

/** Bytes that the index may need for a record, and for each part of an object. */
const [longestRow, pieceRow] = [16 * 1024, 256]

/** What a completed upload keeps of a part. */
const pieceOf = ({ data, etag, checksum }: PartRecord): Piece => ({
  ...data,
  etag,
  ...(checksum && { checksum: checksum.value }),
})

async function completeUpload(
  engine: Engine,
  name: UploadName,
  listed: readonly ListedPart[],
  completion: Completion = {},
): Promise<ObjectRecord> {
  const { tables } = engine
  const { bucket, key, uploadId } = name
  const holds = [lock.inBucket(bucket), lock.upload(uploadId), lock.object(bucket, key)]
  return engine.locks.hold(holds, async () => {
    const home = bucketNamed(engine, bucket)
    const replaced = tables.object(bucket, key)
    if (replaced?.uploadId === uploadId && isMadeOf(engine, replaced, listed)) return replaced
    const upload = uploadNamed(engine, name)
    completion.condition?.(replaced)
    const { identity, displace } = succeed(engine, home, key, replaced)
    const { acl, headers, metadata, tags } = upload
    const parts = chosenParts(engine, name, listed)
    await engine.space.take(longestRow + parts.length * pieceRow, 'index')
    const checksum = completion.checksumOf?.(upload, parts)
    const pieces = parts.map(pieceOf)
    const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
    const data: Data = { kind: 'parts', id: engine.newId(), size }
    const etag = etagOfParts(parts.map((part) => part.etag))
    const lastModified = engine.clock.now().getTime()
    const record: ObjectRecord = {
      ...{ bucket, key, acl, headers, metadata, data, etag, lastModified, uploadId },
      ...(tags && { tags }),
      ...(checksum && { checksum }),
      ...identity,
    }
    const files: string[] = []
    await tables.commit((writes) => {
      files.push(...displace(writes))
      writes.put(tables.layouts, indexKey([], data.id), pieces)
      writes.put(tables.objects, indexKey([bucket], key), record)
      files.push(...dropUpload(engine, writes, name, new Set(pieces.map(({ id }) => id))))
    })
    removeLater(engine, files)
    return record
  })
}

/** Uploads over an engine. */
export function createUploads(engine: Engine): Uploads {
  const { tables, locks, clock } = engine
  return {
    createUpload: (upload) =>
      locks.hold([lock.inBucket(upload.bucket)], async () => {
        bucketNamed(engine, upload.bucket)
        await engine.space.take(longestRow, 'index')
        const initiatedAt = clock.now().getTime()
        // Ids of one key sort by the time at which their uploads began; the rest of the id cannot be guessed.
        const uploadId = initiatedAt.toString(16).padStart(12, '0') + engine.newId()
        const record: UploadRecord = { ...upload, uploadId, initiatedAt }
        await tables.commit((writes) => writes.put(tables.uploads, uploadKey(record), record))
        return record
      }),
    getUpload: async (name) => uploadNamed(engine, name),
    putPart: (name, part) => putPart(engine, name, part),
    async listParts(name, { after, limit }) {
      uploadNamed(engine, name)
      const parts: PartRecord[] = []
      for (const part of partsOf(engine, name.uploadId, after)) {
        if (parts.length === limit) return { parts, truncated: limit > 0 }
        parts.push(part)
      }
      return { parts, truncated: false }
    },
    async listUploads(bucket, request) {
      bucketNamed(engine, bucket)
      const end = afterPrefix(indexKey([bucket]))
      const scan = (from: Uint8Array) =>
        tables.uploads
          .getRange({ start: seekKey([bucket], from), end })
          .map(({ value }) => ({ name: value.key, row: value }))
      return page(scan, request, positionAfter(request))
    },
    completeUpload: (name, parts, completion) => completeUpload(engine, name, parts, completion),
    abortUpload: (name) =>
      locks.hold([lock.inBucket(name.bucket), lock.upload(name.uploadId)], async () => {
        uploadNamed(engine, name)
        let files: string[] = []
        await tables.commit((writes) => {
          files = dropUpload(engine, writes, name)
        })
        removeLater(engine, files)
      }),
  }
}

/** Where a listing goes on: after all uploads of a key, or after one of them. */
function positionAfter({ after, afterUploadId }: { after: string; afterUploadId?: string }): Buffer | undefined {
  if (after === '') return undefined
  return afterUploadId ? indexKey([after, afterUploadId]) : afterPrefix(indexKey([after]))
}
