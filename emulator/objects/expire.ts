import type { Engine } from './engine.ts'
import { indexKey } from './keys.ts'
import { applies, endOf, expiryOf, type LifecycleRule } from './lifecycle.ts'
import type { Deletion, Objects } from './objects.ts'
import type { BucketRecord, VersionRecord } from './records.ts'
import { StoreRefusal } from './refusal.ts'
import { lookUp } from './tables.ts'
import type { Uploads } from './uploads.ts'
import type { ListedVersion } from './version-listing.ts'
import { isDeleteMarker, newestVersion, versionIdOf } from './versions.ts'

/** Lifecycles of the store: see ObjectStore. */
export interface Lifecycles {
  /**
   * Ends what the lifecycle rules of all buckets say has ended by now: objects, noncurrent versions, delete markers that
   * are alone, and uploads. `day` is how many milliseconds a day lasts. It goes by small batches, each of which leaves the
   * store as a client's deletions would; what a crash or `signal` keeps it from, the next call does.
   */
  endExpired(day: number, signal?: AbortSignal): Promise<void>
}

/** Records that are looked at between two waits, and deletions that share a commit. */
const pageSize = 250

/** Lets the requests that wait be answered: pages are read without a wait of their own. */
const requestsFirst = () => new Promise<void>((resolve) => setImmediate(resolve))

/** What is removed has changed since it was looked at; it is looked at again next time. */
class HasChanged extends Error {
  override readonly name = 'HasChanged'
}

/** A version in its place among those of its key. */
interface Placed extends ListedVersion {
  /** The next newer version. */
  readonly newer: VersionRecord | undefined
  /** Noncurrent versions that are newer. */
  readonly newerNoncurrent: number
  /** Whether the key has no other version. */
  readonly isAlone: boolean
}

/** One bucket, and what decides what has ended in it. */
interface Sweep {
  readonly bucket: string
  /** Those that are enabled. */
  readonly rules: readonly LifecycleRule[]
  readonly now: number
  readonly day: number
}

const subjectOf = (version: VersionRecord) =>
  isDeleteMarker(version)
    ? { key: version.key, size: 0, lastModified: version.lastModified }
    : { key: version.key, size: version.data.size, tags: version.tags, lastModified: version.lastModified }

/** Whether a version has ended (S3 user guide, "Lifecycle configuration elements"). */
function hasEnded({ rules, now, day }: Sweep, { version, isLatest, newer, newerNoncurrent, isAlone }: Placed): boolean {
  const subject = subjectOf(version)
  if (!isLatest) {
    const since = newer?.lastModified ?? now
    return rules.some(
      (rule) =>
        rule.noncurrent !== undefined &&
        newerNoncurrent >= (rule.noncurrent.kept ?? 0) &&
        applies(rule, subject) &&
        endOf(since, rule.noncurrent.days, day) <= now,
    )
  }
  const expiry = expiryOf(rules, subject, day)
  const isExpired = expiry !== undefined && expiry.at <= now
  if (!isDeleteMarker(version)) return isExpired
  const endsAlone = ({ expiration }: LifecycleRule) => expiration !== undefined && 'aloneDeleteMarkers' in expiration
  return isAlone && (isExpired || rules.some((rule) => endsAlone(rule) && applies(rule, subject)))
}

/** All versions of a bucket in their places, read by pages. */
async function* placedVersions(objects: Objects, bucket: string): AsyncGenerator<Placed[]> {
  let from: { after: string; afterVersionId?: string } = { after: '' }
  let last: Omit<Placed, 'isAlone'> | undefined
  for (;;) {
    const request = { prefix: '', delimiter: '', limit: pageSize, ...from }
    const { entries, truncated } = await objects.listVersions(bucket, request)
    const placed: Placed[] = []
    for (const entry of entries) {
      if (!('row' in entry)) continue
      const { version, isLatest } = entry.row
      const isOlder = last?.version.key === version.key && !isLatest
      if (last) placed.push({ ...last, isAlone: last.isLatest && !isOlder })
      const newerNoncurrent = isOlder && last && !last.isLatest ? last.newerNoncurrent + 1 : 0
      last = { version, isLatest, newer: isOlder ? last?.version : undefined, newerNoncurrent }
    }
    const end = last
    if (!truncated && last) placed.push({ ...last, isAlone: last.isLatest })
    yield placed
    if (!truncated || !end) return
    from = { after: end.version.key, afterVersionId: versionIdOf(end.version) }
  }
}

/** The deletion of a version that has ended. Its condition throws HasChanged when it is no longer in its place. */
function deletionOf(engine: Engine, { version, isLatest }: Placed): Deletion {
  const { bucket, key } = version
  const current = () => engine.tables.object(bucket, key) ?? newestVersion(engine, bucket, key)
  const isSame = (one: VersionRecord | undefined) =>
    one?.lastModified === version.lastModified && versionIdOf(one) === versionIdOf(version)
  const condition = (present: VersionRecord | undefined) => {
    if (!isSame(present) || isSame(current()) !== isLatest) throw new HasChanged(`${bucket}/${key}`)
  }
  // The current object is ended as a client would do it, which leaves a delete marker where there are versions.
  return isLatest && !isDeleteMarker(version) ? { condition } : { condition, versionId: versionIdOf(version) }
}

/** What others have done first is no failure. */
async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    const isGone = error instanceof StoreRefusal && error.code.startsWith('NoSuch')
    if (!(error instanceof HasChanged) && !isGone) throw error
  }
}

async function endVersions(engine: Engine, objects: Objects, sweep: Sweep, signal?: AbortSignal): Promise<void> {
  const { bucket } = sweep
  for await (const placed of placedVersions(objects, bucket)) {
    const ended = placed.filter((one) => hasEnded(sweep, one))
    await Promise.all(
      ended.map((one) => unlessGone(objects.deleteObject(bucket, one.version.key, deletionOf(engine, one)))),
    )
    await requestsFirst()
    if (signal?.aborted) return
  }
}

async function endUploads(uploads: Uploads, { bucket, rules, now, day }: Sweep, signal?: AbortSignal): Promise<void> {
  let from = { after: '', afterUploadId: '' }
  for (;;) {
    const { entries, truncated } = await uploads.listUploads(bucket, {
      ...{ prefix: '', delimiter: '', limit: pageSize },
      ...from,
    })
    const found = entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
    const ended = found.filter(({ key, initiatedAt }) =>
      rules.some(
        (rule) =>
          rule.abortUploads !== undefined &&
          applies(rule, { key, size: 0 }) &&
          endOf(initiatedAt, rule.abortUploads, day) <= now,
      ),
    )
    await Promise.all(ended.map(({ key, uploadId }) => unlessGone(uploads.abortUpload({ bucket, key, uploadId }))))
    await requestsFirst()
    const last = found.at(-1)
    if (!truncated || !last || signal?.aborted) return
    from = { after: last.key, afterUploadId: last.uploadId }
  }
}

/** Lifecycles over an engine. */
export function createLifecycles(engine: Engine, store: Objects & Uploads): Lifecycles {
  const { tables, clock } = engine
  const endIn = async ({ name, lifecycle = [] }: BucketRecord, day: number, signal?: AbortSignal) => {
    const rules = lifecycle.filter(({ isEnabled }) => isEnabled)
    const sweep = { bucket: name, rules, now: clock.now().getTime(), day }
    if (rules.some(({ abortUploads }) => abortUploads !== undefined)) await endUploads(store, sweep, signal)
    if (rules.some(({ expiration, noncurrent }) => expiration ?? noncurrent)) {
      await endVersions(engine, store, sweep, signal)
    }
  }
  return {
    async endExpired(day, signal) {
      const names = [...tables.buckets.getRange({})].flatMap(({ value }) => (value.lifecycle ? [value.name] : []))
      for (const name of names) {
        if (signal?.aborted) return
        const bucket = lookUp(tables.buckets, indexKey([], name))
        if (bucket) await unlessGone(endIn(bucket, day, signal))
      }
    },
  }
}
