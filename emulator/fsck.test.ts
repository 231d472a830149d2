import { createHash } from 'node:crypto'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { startChecksum } from '../src/protocol/signature/checksums.ts'
import { fsck } from './fsck.ts'
import { privateAcl } from './objects/acl.ts'
import { indexKey, partKey } from './objects/keys.ts'
import type { ObjectRecord } from './objects/records.ts'
import { type ObjectStore, openObjectStore } from './objects/store.ts'
import { type Change, openTables, type Tables } from './objects/tables.ts'
import { dataFiles } from './state/files.ts'
import { DataFolderInUse, lockDataFolder } from './state/lock.ts'

const acl = privateAcl({ accountId: '1', canonicalId: 'c' })
const crc32 = (bytes: Buffer) => {
  const sum = startChecksum('crc32')
  sum.update(bytes)
  return { algorithm: 'crc32' as const, value: sum.digest().toString('base64') }
}
const small = Buffer.from('small')
const large = Buffer.alloc(100_000, 'large ')
const first = Buffer.alloc(5 * 2 ** 20, 'part ')

function put(store: ObjectStore, key: string, bytes: Buffer) {
  const checksum = { ...crc32(bytes), type: 'FULL_OBJECT' as const }
  const body = Readable.from([bytes])
  return store.putObject({ bucket: 'b', key, acl, headers: {}, metadata: {}, body, checksumOf: () => checksum })
}

async function upload(store: ObjectStore, key: string, complete: boolean) {
  const { canonicalId, accountId } = acl.owner
  const begun = { bucket: 'b', key, acl, headers: {}, metadata: {}, initiator: { canonicalId, accountId } }
  const { uploadId } = await store.createUpload(begun)
  const name = { bucket: 'b', key, uploadId }
  const parts: { partNumber: number; etag: string }[] = []
  for (const [index, bytes] of [first, small].entries()) {
    const partNumber = index + 1
    const { etag } = await store.putPart(name, { partNumber, body: Readable.from([bytes]) })
    parts.push({ partNumber, etag })
  }
  return complete ? store.completeUpload(name, parts) : undefined
}

/** A data folder with one of everything. */
async function folder() {
  const data = mkdtempSync(join(tmpdir(), 'fsck-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  const { objects } = dataFiles(data)
  const store = await openObjectStore({ folder: objects })
  await store.createBucket({ name: 'b', acl, location: '' })
  await put(store, 'empty', Buffer.alloc(0))
  await put(store, 'small', small)
  const { data: bytes } = await put(store, 'large', large)
  await upload(store, 'whole', true)
  await upload(store, 'begun', false)
  await store.changeBucket('b', () => ({ versioning: 'Enabled' }))
  for (const content of ['one', 'two']) await put(store, 'versioned', Buffer.from(content))
  await store.deleteObject('b', 'versioned')
  await store.close()
  const root = join(objects, 'files')
  const pathOf = (id: string) => join(root, id.slice(0, 2), id.slice(2, 4), id)
  return { data, objects, root, pathOf, largeFile: pathOf(bytes.id), largeId: bytes.id }
}

type Folder = Awaited<ReturnType<typeof folder>>

/** Changes rows behind the back of the store. */
async function rows(it: Folder, change: (tables: Tables, writes: Change) => void) {
  const tables = openTables(join(it.objects, 'index.mdb'))
  await tables.commit((writes) => change(tables, writes))
  await tables.close()
}

const object = ({ objects }: Tables, key: string) => objects.get(indexKey(['b'], key)) as ObjectRecord
const wrong = (it: Folder, key: string, also: (record: ObjectRecord) => Partial<ObjectRecord>) =>
  rows(it, (tables, writes) => {
    const record = object(tables, key)
    writes.put(tables.objects, indexKey(['b'], key), { ...record, ...also(record) })
  })
const layoutOf = (tables: Tables) => indexKey([], object(tables, 'whole').data.id)
const aFile = (it: Folder) =>
  readdirSync(it.root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== it.largeId)
    .map(({ name }) => it.pathOf(name))
const strayId = createHash('md5').update('stray').digest('hex')

const plants: [what: string, plant: (it: Folder) => unknown, found: string[], left?: number][] = [
  ['nothing', () => undefined, []],
  ['a file that is gone', ({ largeFile }) => unlinkSync(largeFile), ['missing object b/large']],
  ['a file that is short', ({ largeFile }) => truncateSync(largeFile, 99_999), ['size object b/large']],
  ['a file that is long', ({ largeFile }) => appendFileSync(largeFile, 'x'), ['size object b/large']],
  ['other bytes', ({ largeFile }) => writeFileSync(largeFile, Buffer.alloc(100_000, 'x')), ['md5 object b/large']],
  [
    'other bytes in the index',
    (it) =>
      rows(it, (tables, writes) =>
        writes.put(tables.inline, indexKey([], object(tables, 'small').data.id), Buffer.from('SMALL')),
      ),
    ['md5 object b/small'],
  ],
  [
    'no bytes in the index',
    (it) => rows(it, (tables, writes) => writes.remove(tables.inline, indexKey([], object(tables, 'small').data.id))),
    ['missing object b/small'],
  ],
  [
    'another checksum',
    (it) => wrong(it, 'small', () => ({ checksum: { algorithm: 'crc32', value: 'AAAAAA==', type: 'FULL_OBJECT' } })),
    ['checksum object b/small'],
  ],
  [
    'another ETag of parts',
    (it) => wrong(it, 'whole', () => ({ etag: `${'0'.repeat(32)}-2` })),
    ['md5 object b/whole'],
  ],
  [
    'a layout that is gone, and with it the owner of two parts',
    (it) => rows(it, (tables, writes) => writes.remove(tables.layouts, layoutOf(tables))),
    ['layout object b/whole', 'orphan bytes', 'orphan file'],
  ],
  [
    'a layout that lacks a part',
    (it) =>
      rows(it, (tables, writes) =>
        writes.put(tables.layouts, layoutOf(tables), (tables.layouts.get(layoutOf(tables)) ?? []).slice(0, 1)),
      ),
    ['layout object b/whole', 'orphan bytes'],
  ],
  [
    'parts with other bytes',
    (it) => aFile(it).map((path) => writeFileSync(path, Buffer.alloc(first.length))),
    ['md5 object b/whole', 'md5 part 1 of upload'],
  ],
  [
    'an older version without bytes',
    (it) =>
      rows(it, (tables, writes) => {
        for (const { value } of tables.versions.getRange())
          if ('data' in value) writes.remove(tables.inline, indexKey([], value.data.id))
      }),
    ['missing object b/versioned version', 'missing object b/versioned version'],
  ],
  [
    'a file of nobody',
    (it) => writeFileSync(it.largeFile.replace(it.largeId, `${it.largeId.slice(0, 4)}${strayId.slice(4)}`), 'x'),
    ['orphan file'],
  ],
  ['a file that is none of ours', (it) => writeFileSync(join(it.root, 'README'), 'x'), ['orphan file'], 1],
  [
    'bytes of nobody',
    (it) => rows(it, (tables, writes) => writes.put(tables.inline, indexKey([], strayId), small)),
    ['orphan bytes'],
  ],
  [
    'a layout of nobody',
    (it) => rows(it, (tables, writes) => writes.put(tables.layouts, indexKey([], strayId), [])),
    ['orphan layout'],
  ],
  [
    'bytes of two',
    (it) => wrong(it, 'empty', (record) => ({ data: { ...record.data, id: it.largeId } })),
    ['orphan bytes', 'shared object b/large', 'missing object b/empty'],
  ],
  [
    'a file that the next start would remove',
    (it) => rows(it, (tables, writes) => writes.put(tables.unowned, indexKey([], it.largeId), true)),
    ['index file'],
  ],
  [
    'a bucket that its account does not list',
    (it) => rows(it, (tables, writes) => writes.remove(tables.accountBuckets, indexKey(['1'], 'b'))),
    ['index bucket b'],
  ],
  [
    'an object without a bucket',
    (it) =>
      rows(it, (tables, writes) =>
        writes.put(tables.objects, indexKey(['gone'], 'k'), {
          ...object(tables, 'small'),
          bucket: 'gone',
          key: 'k',
          data: { kind: 'inline', id: strayId, size: 0 },
        }),
      ),
    ['index object gone/k', 'missing object gone/k'],
  ],
  [
    'a part without an upload',
    (it) =>
      rows(it, (tables, writes) =>
        writes.put(tables.parts, partKey('nobody', 1), {
          partNumber: 1,
          data: { kind: 'inline', id: strayId, size: 0 },
          etag: '',
          lastModified: 0,
        }),
      ),
    ['index part 1 of upload nobody'],
  ],
]

test.each(plants)('finds and mends %s', async (_what, plant, expected, left = 0) => {
  const it = await folder()
  await plant(it)
  const told: number[] = []
  const { damage, records, bytes } = await fsck({
    data: it.data,
    repair: true,
    progress: (done) => void told.push(done),
  })
  const seen = damage.map(({ kind, what }) => `${kind} ${what}`).sort()
  const begin = (text: string, index: number) => text.slice(0, [...expected].sort()[index]?.length)
  expect(seen.map(begin)).toEqual([...expected].sort())
  expect(records).toBeGreaterThan(7)
  expect(told.at(-1)).toBe(bytes)
  const after = await fsck({ data: it.data, repair: false })
  expect(after.damage).toHaveLength(left)
  expect(after.records).toBeGreaterThan(3)
  const store = await openObjectStore({ folder: it.objects })
  await put(store, 'again', large)
  await store.close()
})

test('changes nothing unless told to', async () => {
  const it = await folder()
  unlinkSync(it.largeFile)
  for (let run = 0; run < 2; run += 1) {
    const { damage } = await fsck({ data: it.data, repair: false })
    expect(damage.map(({ kind }) => kind)).toEqual(['missing'])
  }
})

test('says nothing of what the next start removes', async () => {
  const it = await folder()
  await rows(it, (tables, writes) => writes.put(tables.unowned, indexKey([], strayId), true))
  expect((await fsck({ data: it.data, repair: false })).damage).toEqual([])
})

test('refuses a folder that is in use, and one without Object Storage', async () => {
  const it = await folder()
  const unlock = lockDataFolder(dataFiles(it.data).lock)
  await expect(fsck({ data: it.data, repair: false })).rejects.toThrow(DataFolderInUse)
  unlock()
  await expect(fsck({ data: join(it.data, 'none'), repair: false })).rejects.toMatchObject({ code: 'ENOENT' })
})
