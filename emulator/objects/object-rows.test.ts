import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { open } from 'lmdb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { groups, privateAcl } from './acl.ts'
import { afterPrefix, indexKey } from './keys.ts'
import { shownOf } from './object-rows.ts'
import type { DeleteMarkerRecord, ObjectRecord } from './records.ts'
import { openTables, type Tables } from './tables.ts'

let folder: string
let tables: Tables
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'object-rows-'))
  tables = openTables(join(folder, 'index.mdb'), { durable: false })
})
afterAll(async () => {
  await tables.close()
  await rm(folder, { recursive: true })
})

const owner = { accountId: '1', canonicalId: 'a'.repeat(64) }
const plain: ObjectRecord = {
  ...{ bucket: 'b', key: 'k', acl: privateAcl(owner), headers: {}, metadata: {} },
  data: { kind: 'inline', id: 'x', size: 3 },
  etag: 'd16fb36f0911f878998c136191af705e',
  lastModified: 1_800_000_000_123,
}
const range = { start: indexKey(['b']), end: afterPrefix(indexKey(['b'])) }

/** What a record is when it is read again, whole and as listings show it. */
async function stored(record: ObjectRecord) {
  const key = indexKey(['b'], record.key)
  await tables.commit((writes) => writes.put(tables.objects, key, record))
  const whole = tables.objects.get(key)
  const inRange = [...tables.objects.getRange(range)].map(({ value }) => value)
  const shown = [...tables.shownObjects(range)]
  await tables.commit((writes) => writes.remove(tables.objects, key))
  expect(inRange).toEqual([whole])
  return { whole, shown }
}

const text = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.toWellFormed())
const texts = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, { maxKeys: 3, noNullPrototype: true })
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
const anyOwner = fc.record({ accountId: text, canonicalId: fc.oneof(hex(64), text) })
const grant = fc.record({
  grantee: fc.oneof(
    fc.record({ kind: fc.constant('account' as const), canonicalId: fc.oneof(text, fc.constant('1')) }),
    fc.record({ kind: fc.constant('group' as const), uri: fc.constant(groups.allUsers) }),
  ),
  permission: fc.constantFrom('READ' as const, 'FULL_CONTROL' as const),
})
const record: fc.Arbitrary<ObjectRecord> = fc.record(
  {
    bucket: fc.constant('b'),
    key: text.filter((key) => key !== ''),
    acl: fc.oneof(anyOwner.map(privateAcl), fc.record({ owner: anyOwner, grants: fc.array(grant, { maxLength: 2 }) })),
    headers: texts,
    metadata: texts,
    tags: fc.array(fc.record({ key: text, value: text }), { maxLength: 2 }),
    data: fc.record({ kind: fc.constantFrom('inline', 'file', 'parts'), id: text, size: fc.nat({ max: 2 ** 47 }) }),
    etag: fc.oneof(
      hex(32),
      fc.tuple(hex(32), fc.integer({ min: 1, max: 10_000 })).map(([md5, parts]) => `${md5}-${parts}`),
    ),
    lastModified: fc.nat({ max: 2 ** 47 }),
    checksum: fc.record({
      algorithm: fc.constantFrom('crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'),
      type: fc.constantFrom('FULL_OBJECT', 'COMPOSITE'),
      value: text,
    }),
    uploadId: text,
    versionId: hex(33),
    sequence: fc.nat(),
  },
  {
    requiredKeys: ['bucket', 'key', 'acl', 'headers', 'metadata', 'data', 'etag', 'lastModified'],
    noNullPrototype: true,
  },
)

it('an object is read as it was written, whole and as it is listed', async () => {
  await fc.assert(
    fc.asyncProperty(record, async (object) => {
      const { whole, shown } = await stored(object)
      expect(whole).toEqual(object)
      const { algorithm, type } = object.checksum ?? {}
      const value = { ...shownOf(object), checksum: object.checksum && { algorithm, type } }
      expect(shown).toEqual([{ key: `b\0${object.key}`, value }])
    }),
    { numRuns: 300 },
  )
})

it.each<[string, Partial<ObjectRecord>]>([
  ['an ETag that is no MD5', { etag: 'e' }],
  ['more parts than there can be', { etag: `${plain.etag}-99999` }],
  ['a time before 1970', { lastModified: -1 }],
  ['a time that is no whole number', { lastModified: 0.5 }],
  ['a canonical id of 300 bytes', { acl: privateAcl({ ...owner, canonicalId: 'é'.repeat(150) }) }],
  ['an unknown checksum', { checksum: { algorithm: 'md6' as never, type: 'COMPOSITE', value: '' } }],
])('an object with %s is kept all the same', async (_, odd) => {
  const { whole, shown } = await stored({ ...plain, ...odd })
  expect(whole).toEqual({ ...plain, ...odd })
  expect(shown).toEqual([{ key: 'b\0k', value: shownOf({ ...plain, ...odd }) }])
})

it('a delete marker is read as it was written', async () => {
  const marker: DeleteMarkerRecord = { deleteMarker: true, bucket: 'b', key: 'k', owner, lastModified: 1, sequence: 7 }
  await tables.commit((writes) => writes.put(tables.versions, indexKey(['b'], 'k'), marker))
  expect(tables.versions.get(indexKey(['b'], 'k'))).toEqual(marker)
})

it('rows of earlier versions, MessagePack as a whole, are read too, and changed where they are', async () => {
  const path = join(folder, 'earlier.mdb')
  const checksum = { algorithm: 'sha256', type: 'COMPOSITE', value: 'v-2' } as const
  const earlier = [plain, { ...plain, key: 'l', etag: `${plain.etag}-2`, checksum, metadata: { a: 'é' } }]
  const root = open({ path, noSubdir: true, maxDbs: 16, keyEncoding: 'binary' })
  const objects = root.openDB<ObjectRecord, Uint8Array>({ name: 'objects', encoding: 'msgpack', keyEncoding: 'binary' })
  await Promise.all(earlier.map((object) => objects.put(indexKey(['b'], object.key), object)))
  await root.close()
  const now = openTables(path, { durable: false })
  expect([...now.objects.getRange(range)].map(({ value }) => value)).toEqual(earlier)
  const shown = () => [...now.shownObjects(range)]
  expect(shown()).toEqual(earlier.map((object) => ({ key: `b\0${object.key}`, value: shownOf(object) })))
  const changed = { ...plain, lastModified: 5, tags: [{ key: 'k', value: 'v' }] }
  await now.commit((writes) => writes.put(now.objects, indexKey(['b'], 'k'), changed))
  expect(now.objects.get(indexKey(['b'], 'k'))).toEqual(changed)
  expect(shown().map(({ value }) => value.lastModified)).toEqual([5, plain.lastModified])
  await now.close()
})

it('the layout is what it is: bytes that stores on disk have', async () => {
  await tables.commit((writes) =>
    writes.put(tables.objects, indexKey(['b'], 'k'), { ...plain, etag: `${plain.etag}-2` }),
  )
  const raw = Buffer.from(tables.objects.getBinary(indexKey(['b'], 'k')) ?? [])
  expect(raw.subarray(0, 33).toString('hex')).toBe(
    `c100${(1_800_000_000_123).toString(16).padStart(12, '0')}000000000003${plain.etag}000240`,
  )
  expect(raw.subarray(33).toString()).toBe(
    `${owner.canonicalId}{"bucket":"b","key":"k","acl":{"owner":{"accountId":"1"}},"headers":{},"metadata":{},"data":{"kind":"inline","id":"x"}}`,
  )
})
