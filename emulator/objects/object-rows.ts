import { type Acl, privateAcl } from './acl.ts'
import type { ChecksumAlgorithm, ChecksumType, Data, ObjectChecksum, ObjectRecord, VersionRecord } from './records.ts'

/*
 * How an object lies in the index: in front what listings show, in a fixed layout, so that a page of a thousand reads
 * only that; behind it the rest as JSON. All else (delete markers, rows that stores of earlier versions have, and an
 * object that does not fit the layout) is MessagePack as a whole, where no value begins with the mark.
 *
 *   0 the mark           2 last modified, milliseconds       14 MD5             32 bytes of the owner's canonical id
 *   1 the checksum       8 size                              30 parts, or 0     33 the owner's canonical id
 */
const mark = 0xc1
const at = { checksum: 1, lastModified: 2, size: 8, md5: 14, parts: 30, ownerLength: 32, owner: 33 } as const

const algorithms: readonly ChecksumAlgorithm[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']
const types: readonly ChecksumType[] = ['FULL_OBJECT', 'COMPOSITE']
type ShownChecksum = Pick<ObjectChecksum, 'algorithm' | 'type'>
/** What the byte of the checksum stands for; 0 for none. */
const checksums: readonly (ShownChecksum | undefined)[] = [
  undefined,
  ...types.flatMap((type) => algorithms.map((algorithm) => ({ algorithm, type }))),
]

/** What listings show of an object beside its key. */
export interface ShownObject {
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** The canonical id of its owner. */
  readonly owner: string
  readonly checksum?: ShownChecksum | undefined
}

/** An object as it is listed. */
export interface ListedObject extends ShownObject {
  readonly key: string
}

/** What listings show of a record. */
export function shownOf({ etag, data, lastModified, acl, checksum }: ObjectRecord): ShownObject {
  return { etag, size: data.size, lastModified, owner: acl.owner.canonicalId, checksum }
}

/** Writes and reads values of a table. The bytes are good until the next read; of a longer buffer only `size` count. */
export interface Codec<Value> {
  encode(value: Value): Uint8Array
  decode(bytes: Uint8Array, size?: unknown): Value
}

/** The record as it lies behind the fixed layout, without what that has. */
interface Rest extends Omit<ObjectRecord, 'acl' | 'data' | 'etag' | 'lastModified'> {
  readonly acl: {
    readonly owner: Pick<Acl['owner'], 'accountId'>
    /** Left out when there is but the owner's own. */
    readonly grants?: Acl['grants'] | undefined
  }
  readonly data: Omit<Data, 'size'>
}

const etagShape = /^[0-9a-f]{32}(?:-([1-9][0-9]{0,4}))?$/
const isNumber = (value: number) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** 48

function isPrivate({ owner, grants: [grant, ...more] }: Acl): boolean {
  const { grantee, permission } = grant ?? {}
  const isOwn = grantee?.kind === 'account' && grantee.canonicalId === owner.canonicalId
  return more.length === 0 && isOwn && permission === 'FULL_CONTROL'
}

/** The row of an object; undefined when something of it does not fit the layout. */
function encodeObject(record: ObjectRecord): Buffer | undefined {
  const { etag, lastModified, acl, data, checksum: sum } = record
  const { size } = data
  const { accountId, canonicalId } = acl.owner
  const shape = etagShape.exec(etag)
  const parts = Number(shape?.[1] ?? 0)
  const ownerLength = Buffer.byteLength(canonicalId)
  const checksum = checksums.findIndex((one) => one?.algorithm === sum?.algorithm && one?.type === sum?.type)
  const fits = shape && parts < 2 ** 16 && ownerLength < 2 ** 8 && isNumber(size) && isNumber(lastModified)
  if (!fits || checksum < 0) return undefined
  const grants = isPrivate(acl) ? undefined : acl.grants
  const { bucket, key, headers, metadata, tags, versionId, sequence, uploadId } = record
  const rest: { [Name in keyof Required<Rest>]: Rest[Name] | undefined } = {
    bucket,
    key,
    acl: { owner: { accountId }, grants },
    headers,
    metadata,
    data: { kind: data.kind, id: data.id },
    checksum: sum,
    tags,
    versionId,
    sequence,
    uploadId,
  }
  const json = JSON.stringify(rest)
  const row = Buffer.allocUnsafe(at.owner + ownerLength + Buffer.byteLength(json))
  row[0] = mark
  row[at.checksum] = checksum
  row.writeUIntBE(lastModified, at.lastModified, 6)
  row.writeUIntBE(size, at.size, 6)
  row.write(etag.slice(0, 32), at.md5, 'hex')
  row.writeUInt16BE(parts, at.parts)
  row[at.ownerLength] = ownerLength
  row.write(canonicalId, at.owner)
  row.write(json, at.owner + ownerLength)
  return row
}

/** Most rows of a page have the same owner: the text is made once. */
function ownerReader(): (row: Buffer) => string {
  let last = Buffer.alloc(0)
  let text = ''
  return (row) => {
    const end = at.owner + (row[at.ownerLength] ?? 0)
    if (row.compare(last, 0, last.length, at.owner, end) !== 0) {
      last = Buffer.from(row.subarray(at.owner, end))
      text = last.toString()
    }
    return text
  }
}

function decodeShown(row: Buffer, ownerOf: (row: Buffer) => string): ShownObject {
  const md5 = row.toString('hex', at.md5, at.parts)
  const parts = row.readUInt16BE(at.parts)
  return {
    etag: parts === 0 ? md5 : `${md5}-${parts}`,
    size: row.readUIntBE(at.size, 6),
    lastModified: row.readUIntBE(at.lastModified, 6),
    owner: ownerOf(row),
    checksum: checksums[row[at.checksum] ?? 0],
  }
}

function decodeObject(row: Buffer, end: number, ownerOf: (row: Buffer) => string): ObjectRecord {
  const { etag, size, lastModified, owner: canonicalId } = decodeShown(row, ownerOf)
  const begin = at.owner + (row[at.ownerLength] ?? 0)
  const rest: Rest = JSON.parse(row.toString('utf8', begin, end))
  const owner = { accountId: rest.acl.owner.accountId, canonicalId }
  const acl = rest.acl.grants ? { owner, grants: rest.acl.grants } : privateAcl(owner)
  // Filled in where it lies: a copy of it would cost more than all else.
  return Object.assign(rest, { acl, data: Object.assign(rest.data, { size }), etag, lastModified })
}

const asBuffer = (bytes: Uint8Array) =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** The rows of objects and of their versions; `messagePack` reads and writes those that are not in the layout. */
export function objectRows(messagePack: Codec<VersionRecord>): {
  readonly whole: Codec<VersionRecord>
  /** Reads what listings show, and no more. */
  readonly shown: Pick<Codec<ShownObject>, 'decode'>
} {
  const ownerOf = ownerReader()
  return {
    whole: {
      encode: (record) => ('deleteMarker' in record ? undefined : encodeObject(record)) ?? messagePack.encode(record),
      decode(bytes, size) {
        if (bytes[0] !== mark) return messagePack.decode(bytes, size)
        return decodeObject(asBuffer(bytes), typeof size === 'number' ? size : bytes.length, ownerOf)
      },
    },
    shown: {
      decode(bytes, size) {
        if (bytes[0] === mark) return decodeShown(asBuffer(bytes), ownerOf)
        const record = messagePack.decode(bytes, size)
        if ('deleteMarker' in record) throw new Error('a delete marker is among the current objects')
        return shownOf(record)
      },
    },
  }
}
