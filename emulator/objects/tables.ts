import { type Database, open } from 'lmdb'
import { longestIndexKey } from './keys.ts'
import type { BucketRecord, Data, ObjectRecord, PartRecord, UploadRecord } from './records.ts'

/** A table of the index by binary keys (keys.ts). */
export type Table<Value> = Database<Value, Uint8Array>

/** The row under a key, also for a key that is too long to have one (names come from clients). */
export function lookUp<Value>(table: Table<Value>, key: Uint8Array): Value | undefined {
  return key.length > longestIndexKey ? undefined : table.get(key)
}

/** The writes of one commit. */
export interface Change {
  put<Value>(table: Table<Value>, key: Uint8Array, value: Value): void
  remove<Value>(table: Table<Value>, key: Uint8Array): void
}

/** The index: what there is and where its bytes lie. */
export interface Tables {
  /** Bucket name. */
  readonly buckets: Table<BucketRecord>
  /** Account, bucket name: which buckets an account has. */
  readonly accountBuckets: Table<true>
  /** Bucket, key. */
  readonly objects: Table<ObjectRecord>
  /** Bucket, key, upload id. */
  readonly uploads: Table<UploadRecord>
  /** Upload id, part number. */
  readonly parts: Table<PartRecord>
  /** Data id: the bytes of small objects. */
  readonly inline: Table<Buffer>
  /** Data id: the parts of a completed upload, in order. */
  readonly layouts: Table<readonly Data[]>
  /** Data id: files that no record owns, yet or any more. What is left here at the start is removed. */
  readonly unowned: Table<true>
  /**
   * Makes all writes of a change or none. Resolves when they are on disk; readers see them a little earlier. What the
   * change depends on must be held by a lock until then.
   */
  commit(change: (writes: Change) => void): Promise<void>
  close(): Promise<void>
}

/** Opens the index in `path`, a file; beside it LMDB keeps its lock file. */
export function openTables(path: string): Tables {
  // lmdb's types do not know permissionsMode; without it the files are made 0664.
  const options = { path, noSubdir: true, maxDbs: 16, keyEncoding: 'binary' as const, permissionsMode: 0o600 }
  const root = open(options)
  const table = <Value>(name: string, encoding: 'msgpack' | 'binary' = 'msgpack'): Table<Value> =>
    root.openDB<Value, Uint8Array>({ name, encoding, keyEncoding: 'binary' })
  return {
    buckets: table('buckets'),
    accountBuckets: table('accountBuckets'),
    objects: table('objects'),
    uploads: table('uploads'),
    parts: table('parts'),
    inline: table('inline', 'binary'),
    layouts: table('layouts'),
    unowned: table('unowned'),
    async commit(change) {
      const writes: Promise<boolean>[] = []
      // A batch is one transaction of LMDB, and commits that overlap share its flush. (An asynchronous transaction
      // callback would do as well, but lmdb 3.5.6 never calls it back on some machines.)
      const batch = root.batch(() =>
        change({
          put: (into, key, value) => void writes.push(into.put(key, value)),
          remove: (from, key) => void writes.push(from.remove(key)),
        }),
      )
      await Promise.all([batch, ...writes])
      await root.flushed
    },
    close: () => root.close(),
  }
}
