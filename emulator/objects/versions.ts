import { release } from './data.ts'
import { bucketNamed, type Engine } from './engine.ts'
import { afterPrefix, indexKey, longestIndexKey, versionKey, versionsKey } from './keys.ts'
import type { BucketRecord, DeleteMarkerRecord, ObjectRecord, VersionIdentity, VersionRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'
import { type Change, lookUp, type Tables } from './tables.ts'

/*
 * The current version of a key is in `objects` if it is an object, so that listings and buckets without versioning cost
 * what they would without versions. All others are in `versions`; where `objects` has none the newest there is current,
 * and it is a delete marker.
 */

/** What clients call the version that has no id. */
export const nullVersion = 'null'

/** 32 random digits, which nobody guesses, and the sequence, which finds the row. */
const idShape = /^[0-9a-f]{32}[0-9a-f]{1,12}$/

/** Whether a text can be the id of a version. */
export const isVersionId = (text: string): boolean => text === nullVersion || idShape.test(text)

/** A version's id as clients name it. */
export const versionIdOf = ({ versionId = nullVersion }: VersionIdentity): string => versionId

export const isDeleteMarker = (version: VersionRecord): version is DeleteMarkerRecord => 'deleteMarker' in version

const sequenceOf = ({ sequence = 0 }: VersionIdentity) => sequence

/** The number in a version's id; for the `null` version as it is noted, undefined when it is in `objects` or nowhere. */
function sequenceNamed(tables: Tables, bucket: string, key: string, versionId: string): number | undefined {
  if (versionId === nullVersion) return lookUp(tables.nullVersions, indexKey([bucket], key))
  return idShape.test(versionId) ? Number.parseInt(versionId.slice(32), 16) : undefined
}

/** The index key behind which a listing goes on that has shown a version; undefined when nobody knows where that was. */
export function versionPosition(
  { tables }: Pick<Engine, 'tables'>,
  bucket: string,
  key: string,
  versionId: string,
): Buffer | undefined {
  const current = versionId === nullVersion ? tables.object(bucket, key) : undefined
  const isCurrent = current !== undefined && versionIdOf(current) === versionId
  const sequence = isCurrent ? sequenceOf(current) : sequenceNamed(tables, bucket, key, versionId)
  return sequence === undefined ? undefined : versionKey(bucket, key, sequence)
}

/** The newest rows of a key in `versions`. */
function newest({ versions }: Tables, bucket: string, key: string, limit: number): VersionRecord[] {
  const start = versionsKey(bucket, key)
  if (start.length > longestIndexKey) return []
  return [...versions.getRange({ start, end: afterPrefix(start), limit })].map(({ value }) => value)
}

/** A version of a bucket's key by its id, `null` among them. */
export function findVersion(
  { tables }: Engine,
  bucket: BucketRecord,
  key: string,
  id: string,
): VersionRecord | undefined {
  const current = tables.object(bucket.name, key)
  if (current && versionIdOf(current) === id) return current
  if (bucket.versioning === undefined) return undefined
  const sequence = sequenceNamed(tables, bucket.name, key, id)
  if (sequence === undefined) return undefined
  const version = lookUp(tables.versions, versionKey(bucket.name, key, sequence))
  return version && versionIdOf(version) === id ? version : undefined
}

/**
 * The version with an id, or without one the current. Throws NoSuchBucket, NoSuchKey, NoSuchVersion and, for the id of a
 * delete marker, MethodNotAllowed.
 */
export function objectNamed(engine: Engine, bucket: string, key: string, versionId?: string): ObjectRecord {
  const { tables } = engine
  const current = versionId === undefined ? tables.object(bucket, key) : undefined
  if (current) return current
  const home = bucketNamed(engine, bucket)
  const subject = `${bucket}/${key}`
  if (versionId === undefined) {
    const marker = home.versioning === undefined ? undefined : newestVersion(engine, bucket, key)
    throw new StoreRefusal('NoSuchKey', subject, marker && isDeleteMarker(marker) ? marker : undefined)
  }
  const version = findVersion(engine, home, key, versionId)
  if (!version) throw new StoreRefusal('NoSuchVersion', subject)
  if (isDeleteMarker(version)) throw new StoreRefusal('MethodNotAllowed', subject, version)
  return version
}

/** Writes a changed record of an object to where it was. */
export function rewriteObject({ tables }: Engine, writes: Change, object: ObjectRecord): void {
  const { bucket, key } = object
  const current = tables.object(bucket, key)
  if (current && current.versionId === object.versionId) writes.put(tables.objects, indexKey([bucket], key), object)
  else writes.put(tables.versions, versionKey(bucket, key, sequenceOf(object)), object)
}

/** Puts a version among those that are not current objects. */
function shelve({ versions, nullVersions }: Tables, writes: Change, version: VersionRecord): void {
  const { bucket, key, versionId } = version
  writes.put(versions, versionKey(bucket, key, sequenceOf(version)), version)
  if (versionId === undefined) writes.put(nullVersions, indexKey([bucket], key), sequenceOf(version))
}

function unshelve({ versions, nullVersions }: Tables, writes: Change, version: VersionRecord): void {
  const { bucket, key, versionId } = version
  writes.remove(versions, versionKey(bucket, key, sequenceOf(version)))
  if (versionId === undefined) writes.remove(nullVersions, indexKey([bucket], key))
}

const releaseVersion = (tables: Tables, writes: Change, version: VersionRecord) =>
  isDeleteMarker(version) ? [] : release(tables, writes, version.data)

/** What a new version of a key is called, and what becomes of those that were there. */
export interface Succession {
  readonly identity: VersionIdentity
  /** Makes room in the commit that writes the new version. Returns the files to remove after it. */
  displace(writes: Change): string[]
}

/**
 * Prepares a new version of a key, whose lock must be held; `present` is the current object. Throws KeyTooLong for a key
 * that can have no versions: one with hundreds of zero bytes, which take twice their room.
 */
export function succeed(engine: Engine, bucket: BucketRecord, key: string, present?: ObjectRecord): Succession {
  const { tables } = engine
  const { name, versioning } = bucket
  if (versioning === undefined) {
    return { identity: {}, displace: (writes) => (present ? release(tables, writes, present.data) : []) }
  }
  if (versionKey(name, key, 0).length > longestIndexKey) throw new StoreRefusal('KeyTooLong', `${name}/${key}`)
  const [last] = present ? [present] : newest(tables, name, key, 1)
  const sequence = last ? sequenceOf(last) + 1 : 0
  const isKept = versioning === 'Enabled'
  return {
    identity: isKept ? { versionId: engine.newId() + sequence.toString(16), sequence } : { sequence },
    displace(writes) {
      if (present && (isKept || present.versionId !== undefined)) shelve(tables, writes, present)
      else if (present) return release(tables, writes, present.data)
      // While versioning is suspended there is one `null` version, the new one.
      const older = isKept ? undefined : findVersion(engine, bucket, key, nullVersion)
      if (!older) return []
      unshelve(tables, writes, older)
      return releaseVersion(tables, writes, older)
    },
  }
}

/** Adds a delete marker, in the commit that displaced what was there. */
export function addDeleteMarker({ tables }: Engine, writes: Change, marker: DeleteMarkerRecord): void {
  shelve(tables, writes, marker)
}

/**
 * Removes a version in a commit; when it was the current one, the newest of the others becomes that. Returns the files
 * to remove after it.
 */
export function removeVersion(engine: Engine, writes: Change, version: VersionRecord): string[] {
  const { tables } = engine
  const { bucket, key } = version
  const current = tables.object(bucket, key)
  const isVersion = (one: VersionRecord | undefined) => one !== undefined && versionIdOf(one) === versionIdOf(version)
  const [first, second] = newest(tables, bucket, key, 2)
  if (isVersion(current)) writes.remove(tables.objects, indexKey([bucket], key))
  else unshelve(tables, writes, version)
  const heir = isVersion(current) ? first : !current && isVersion(first) ? second : undefined
  if (heir && !isDeleteMarker(heir)) {
    unshelve(tables, writes, heir)
    writes.put(tables.objects, indexKey([bucket], key), heir)
  }
  return releaseVersion(tables, writes, version)
}

/** The newest version of a key that is not in `objects`: where that has none, the current delete marker. */
export const newestVersion = ({ tables }: Engine, bucket: string, key: string): VersionRecord | undefined =>
  newest(tables, bucket, key, 1)[0]
