import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { piecesOf, release } from './data.ts'
import { filePath, openFileSpace } from './file-space.ts'
import { indexKey } from './keys.ts'
import { type DataOwner, dataOwners } from './owners.ts'
import { type Change, openTables, type Table, type Tables } from './tables.ts'
import { type BadBytes, type Sums, verify } from './verify.ts'

/** Something that is not as it should be. */
export interface Damage {
  /** `orphan`: bytes or rows that nothing refers to; `shared`: two records with the same bytes; `index`: rows at odds. */
  readonly kind: BadBytes['kind'] | 'orphan' | 'shared' | 'index'
  readonly what: string
  readonly detail: string
  /** What makes it good: rows that change, a file that goes, a version or an upload that goes; nothing for a person's own. */
  readonly mend?:
    | { readonly by: 'rows'; readonly change: (tables: Tables, writes: Change) => void }
    | { readonly by: 'unlink'; readonly path: string }
    | { readonly by: 'removal'; readonly of: DataOwner['of'] }
}

/** How an examination is going, and what it found. */
export interface Examination {
  /** Objects with their older versions, and parts of uploads. */
  readonly records: number
  readonly bytes: number
  /** Files that a crash or a removal left, which the next start removes. */
  readonly leftovers: number
  readonly damage: readonly Damage[]
}

/** What is looked at. */
export interface ToExamine {
  /** The folder of the store, which nobody else has open. */
  readonly folder: string
  readonly sums: Sums
  /** Told of the bytes that were read, and of all there are. */
  readonly progress?: (done: number, total: number) => void
}

const text = (key: Uint8Array) => Buffer.from(key).toString()

/** What the records claim. */
interface Claims {
  readonly ids: ReadonlySet<string>
  readonly records: number
  readonly bytes: number
}

/** Collects which bytes the records own; a second owner is damage. */
function claim(tables: Tables, damage: Damage[]): Claims {
  const ids = new Set<string>()
  let [records, bytes] = [0, 0]
  for (const { what, data, of } of dataOwners(tables)) {
    records += 1
    bytes += data.size
    const own = [...piecesOf(tables, data).map(({ id }) => id), ...(data.kind === 'parts' ? [data.id] : [])]
    const taken = own.find((id) => ids.has(id))
    if (taken !== undefined)
      damage.push({
        kind: 'shared',
        what,
        detail: `the bytes ${taken} are another record's, too`,
        mend: { by: 'removal', of },
      })
    for (const id of own) ids.add(id)
  }
  return { ids, records, bytes }
}

/** Rows that no record refers to. */
function orphanRows(tables: Tables, { ids }: Claims): Damage[] {
  const orphans = <Value>(name: string, of: (tables: Tables) => Table<Value>) =>
    [...of(tables).getKeys()]
      .filter((key) => !ids.has(text(key)))
      .map(
        (key): Damage => ({
          kind: 'orphan',
          what: `${name} ${text(key)}`,
          detail: 'no record refers to it',
          mend: { by: 'rows', change: (now, writes) => writes.remove(of(now), key) },
        }),
      )
  return [...orphans('bytes', (now) => now.inline), ...orphans('layout', (now) => now.layouts)]
}

/** Rows that say what others do not. */
function* oddRows(tables: Tables, { ids }: Claims): Generator<Damage> {
  const odd = (what: string, detail: string, change: (tables: Tables, writes: Change) => void): Damage => ({
    ...{ kind: 'index', what, detail },
    mend: { by: 'rows', change },
  })
  for (const key of tables.unowned.getKeys())
    if (ids.has(text(key)))
      yield odd(`file ${text(key)}`, "it is a record's and noted as nobody's", (now, writes) =>
        writes.remove(now.unowned, key),
      )
  for (const { key, value } of tables.buckets.getRange()) {
    const own = indexKey([value.acl.owner.accountId], value.name)
    if (!tables.accountBuckets.get(own))
      yield odd(`bucket ${text(key)}`, 'its account does not list it', (now, writes) =>
        writes.put(now.accountBuckets, own, true),
      )
  }
  const has = (bucket: string) => tables.buckets.get(indexKey([], bucket)) !== undefined
  for (const name of ['objects', 'versions'] as const)
    for (const { key, value } of tables[name].getRange())
      if (!has(value.bucket))
        yield odd(`object ${value.bucket}/${value.key}`, 'there is no such bucket', (now, writes) => {
          writes.remove<object>(now[name], key)
          if ('data' in value) release(now, writes, value.data)
        })
  for (const { key, value } of tables.parts.getRange()) {
    const uploadId = text(key.subarray(0, key.indexOf(0)))
    if (!ids.has(value.data.id))
      yield odd(`part ${value.partNumber} of upload ${uploadId}`, 'there is no such upload', (now, writes) => {
        writes.remove(now.parts, key)
        release(now, writes, value.data)
      })
  }
}

const fileName = /^[0-9a-f]{32}$/

/** Files that no record refers to, but for those that the next start removes. */
async function orphanFiles(root: string, tables: Tables, { ids }: Claims): Promise<Damage[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name, parentPath }) => join(parentPath, name))
  return files.flatMap((path): Damage[] => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const isOurs = fileName.test(name) && path === filePath(root, name)
    if (!isOurs) return [{ kind: 'orphan', what: `file ${path}`, detail: "it is none of the store's" }]
    if (ids.has(name) || tables.unowned.get(indexKey([], name))) return []
    return [{ kind: 'orphan', what: `file ${path}`, detail: 'no record refers to it', mend: { by: 'unlink', path } }]
  })
}

/**
 * Looks at every record, every byte and every file of a store that nobody has open. The store is not changed. Of bytes
 * that a crash left and that the next start removes nothing is said.
 */
export async function examine({ folder, sums, progress }: ToExamine): Promise<Examination> {
  const root = join(folder, 'files')
  const files = await openFileSpace(root)
  const tables = openTables(join(folder, 'index.mdb'))
  try {
    const damage: Damage[] = []
    const claims = claim(tables, damage)
    damage.push(...orphanRows(tables, claims), ...oddRows(tables, claims), ...(await orphanFiles(root, tables, claims)))
    let done = 0
    for (const owner of dataOwners(tables)) {
      const found = await verify({ tables, files, root, sums }, owner)
      if (found) damage.push({ ...found, what: owner.what, mend: { by: 'removal', of: owner.of } })
      done += owner.data.size
      progress?.(done, claims.bytes)
    }
    return { records: claims.records, bytes: claims.bytes, leftovers: tables.unowned.getKeysCount(), damage }
  } finally {
    await tables.close()
  }
}
