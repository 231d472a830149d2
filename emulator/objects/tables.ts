import { type Database, open } from 'lmdb'
import { type Commit, openCommits, type Watch } from './commit.ts'
import { indexKey, longestIndexKey } from './keys.ts'
import { type Codec, type ListedObject, objectRows, type ShownObject } from './object-rows.ts'
import { createPageMemory, type PageMemory } from './page-memory.ts'
import type { Page } from './paging.ts'
import type { BucketRecord, ObjectRecord, PartRecord, Piece, UploadRecord, VersionRecord } from './records.ts'

/** A table of the index by binary keys (keys.ts). */
export type Table<Value> = Database<Value, Uint8Array>

/** The row under a key, also for a key that is too short or too long to have one (names come from clients). */
export function lookUp<Value>(table: Table<Value>, key: Uint8Array): Value | undefined {
  return key.length === 0 || key.length > longestIndexKey ? undefined : table.get(key)
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
  /** Bucket, key: the current versions that are objects. */
  readonly objects: Table<ObjectRecord>
  /** The rows of `objects` in a range, by their keys as text: only what listings show of them is read. */
  shownObjects(range: { start: Uint8Array; end: Uint8Array }): Iterable<{ key: string; value: ShownObject }>
  /** The current version of a key if it is an object, decoded once for all who ask until it is written. */
  object(bucket: string, key: string): ObjectRecord | undefined
  /** Pages of `objects` that hold until something is written to their bucket. */
  readonly pages: PageMemory<Page<ListedObject>>
  /** Bucket, key, sequence from the newest on: versions that are not current, and all delete markers (versions.ts). */
  readonly versions: Table<VersionRecord>
  /** Bucket, key: the sequence of the `null` version where that is in `versions`. */
  readonly nullVersions: Table<number>
  /** Bucket, key, upload id. */
  readonly uploads: Table<UploadRecord>
  /** Upload id, part number. */
  readonly parts: Table<PartRecord>
  /** Data id: the bytes of small objects. */
  readonly inline: Table<Buffer>
  /** Data id: the parts of a completed upload, in order. */
  readonly layouts: Table<readonly Piece[]>
  /** Data id: files that no record owns, yet or any more. What is left here at the start is removed. */
  readonly unowned: Table<true>
  readonly commit: Commit
  /** Bytes of its file that removed rows left for new ones. */
  spare(): number
  close(): Promise<void>
}

/** How the index is opened. */
export interface TablesOptions {
  /** Whether a commit waits until its writes are on disk; it does unless told otherwise. */
  readonly durable?: boolean
  /** In place of LMDB's own: tests watch what is flushed when. */
  readonly open?: typeof open
}

/** So much of the index is remembered: pages of listings, and objects, each of about a kilobyte. */
const mostPages = 64
const mostObjects = 2048

/** Keys as lmdb reads them for who wants text: the bytes of UTF-8, without a copy of them in between. */
const keysAsText = {
  writeKey(key: Uint8Array, target: Buffer, start: number): number {
    target.set(key, start)
    return start + key.length
  },
  readKey: (source: Buffer, start: number, end: number): string => source.toString('utf8', start, end),
}

/** Opens the index in `path`, a file; beside it LMDB keeps its lock file. */
export function openTables(path: string, { durable = true, open: openRoot = open }: TablesOptions = {}): Tables {
  // lmdb's types do not know permissionsMode; without it the files are made 0664.
  const file = { path, noSubdir: true, maxDbs: 16, keyEncoding: 'binary' as const, permissionsMode: 0o600 }
  const root = openRoot({ ...file, ...(!durable && { noSync: true }) })
  const table = <Value>(name: string, encoding: 'msgpack' | 'binary' = 'msgpack'): Table<Value> =>
    root.openDB<Value, Uint8Array>({ name, encoding, keyEncoding: 'binary' })
  // The same rows, read in two ways; what the layout does not fit is written as lmdb itself would.
  const { encoder } = table<VersionRecord>('objects') as unknown as { encoder: Codec<VersionRecord> }
  const rows = objectRows(encoder)
  // lmdb's types know coders of its root database only.
  const coded = <Opened>(name: string, options: object) => root.openDB({ name, ...options }) as unknown as Opened
  const whole = { encoder: rows.whole, keyEncoding: 'binary' }
  const text = { encoding: 'binary', encoder: rows.shown, keyEncoder: keysAsText }
  const shown = coded<{ getRange: Tables['shownObjects'] }>('objects', text)
  const pages = createPageMemory<Page<ListedObject>>(mostPages)
  const current = createPageMemory<ObjectRecord | undefined>(mostObjects)
  const tables = {
    buckets: table<BucketRecord>('buckets'),
    accountBuckets: table<true>('accountBuckets'),
    objects: coded<Table<ObjectRecord>>('objects', whole),
    versions: coded<Table<VersionRecord>>('versions', whole),
    nullVersions: table<number>('nullVersions'),
    uploads: table<UploadRecord>('uploads'),
    parts: table<PartRecord>('parts'),
    inline: table<Buffer>('inline', 'binary'),
    layouts: table<readonly Piece[]>('layouts'),
    unowned: table<true>('unowned'),
  }
  const watch = (): Watch => {
    const buckets = new Set<string>()
    const names = new Set<string>()
    return {
      writing(table, key) {
        if (table !== tables.objects) return
        const name = Buffer.from(key.buffer, key.byteOffset, key.length).toString()
        if (names.has(name)) return
        names.add(name)
        current.writing(name)
        const bucket = name.slice(0, name.indexOf('\0'))
        if (buckets.has(bucket)) return
        buckets.add(bucket)
        pages.writing(bucket)
      },
      written() {
        for (const bucket of buckets) pages.written(bucket)
        for (const name of names) current.written(name)
      },
    }
  }
  const commits = openCommits(root, { durable, watch })
  return {
    ...tables,
    pages,
    object: (bucket, key) =>
      current.recall(`${bucket}\0${key}`, '', () => lookUp(tables.objects, indexKey([bucket], key))),
    shownObjects: (range) => shown.getRange(range),
    spare: () => sparePages(root, Object.values(tables)),
    commit: commits.commit,
    close() {
      commits.close()
      return root.close()
    },
  }
}

/** Pages of a tree, as lmdb counts them; its types do not know. */
interface TreeStats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

/** Bytes of all pages that no tree has: of the tables, of their names, or of the list of free pages. */
function sparePages(root: { getStats(): unknown }, tables: readonly { getStats(): unknown }[]): number {
  const whole = root.getStats() as TreeStats & { pageSize: number; lastPageNumber: number; free: TreeStats }
  const trees = [whole, whole.free, ...tables.map((table) => table.getStats() as TreeStats)]
  const pages = (tree: TreeStats) => tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages
  return (whole.lastPageNumber + 1 - trees.reduce((sum, tree) => sum + pages(tree), 0)) * whole.pageSize
}
