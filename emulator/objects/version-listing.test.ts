import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { privateAcl } from './acl.ts'
import { indexKey, versionKey } from './keys.ts'
import type { BucketRecord, ObjectRecord } from './records.ts'
import { openTables, type Tables } from './tables.ts'
import { listVersions, type VersionsRequest } from './version-listing.ts'

const acl = privateAcl({ accountId: '1', canonicalId: '1' })
const bucket: BucketRecord = { name: 'b', acl, createdAt: 0, location: '', versioning: 'Enabled' }
let folder: string
let tables: Tables
let looked = 0

/** A table that counts the rows that are looked at. */
function counted<Table extends Tables['objects'] | Tables['versions']>(table: Table): Table {
  const getRange = table.getRange.bind(table)
  return new Proxy(table, {
    get(target, name) {
      if (name !== 'getRange') return Reflect.get(target, name)
      return (options: object) =>
        getRange(options).map((row: unknown) => {
          looked += 1
          return row
        })
    },
  })
}

/** 300 keys in three folders, each with 100 versions: of half of them the current one is an object. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'version-listing-'))
  const opened = openTables(join(folder, 'index.mdb'), { durable: false })
  await opened.commit((writes) => {
    for (let number = 0; number < 300; number += 1) {
      const key = `${number % 3}/${number}`
      const data = { kind: 'inline', id: 'x', size: 1 } as const
      for (let sequence = 0; sequence < 100; sequence += 1) {
        const identity = { versionId: `${'0'.repeat(32)}${sequence.toString(16)}`, sequence }
        const plain = { bucket: 'b', key, lastModified: 0, ...identity }
        const object: ObjectRecord = { ...plain, acl, headers: {}, metadata: {}, data, etag: 'e' }
        const marker = { ...plain, owner: acl.owner, deleteMarker: true } as const
        const isLast = sequence === 99
        if (isLast && number % 2) writes.put(opened.objects, indexKey(['b'], key), object)
        else writes.put(opened.versions, versionKey('b', key, sequence), isLast ? marker : object)
      }
    }
  })
  tables = { ...opened, objects: counted(opened.objects), versions: counted(opened.versions) }
})
afterAll(async () => {
  await tables.close()
  await rm(folder, { recursive: true })
})

const all: VersionsRequest = { prefix: '', delimiter: '', after: '', limit: 1000 }
const list = (request: Partial<VersionsRequest>) => {
  looked = 0
  return listVersions({ tables }, bucket, { ...all, ...request })
}

it('is in order, and of each key the newest is the latest', () => {
  const { entries, truncated } = list({ prefix: '1/', limit: 250 })
  const rows = entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
  expect([rows.length, truncated]).toEqual([250, true])
  expect(rows.map(({ isLatest }, index) => (isLatest ? index : -1)).filter((index) => index >= 0)).toEqual([
    0, 100, 200,
  ])
  expect(rows.slice(0, 100).map(({ version }) => version.sequence)).toEqual(
    Array.from({ length: 100 }, (_, i) => 99 - i),
  )
})

it.each([
  ['its entries', { limit: 50 }, 50, 55],
  [
    'its entries, from the middle of a key on',
    { after: '1/1', afterVersionId: `${'0'.repeat(32)}30`, limit: 50 },
    50,
    55,
  ],
  ['its entries, with a prefix', { prefix: '2/', limit: 50 }, 50, 55],
  ['a seek for each common prefix', { delimiter: '/' }, 3, 8],
])('costs %s', (_, request, count, most) => {
  expect(list(request).entries).toHaveLength(count)
  expect(looked).toBeLessThanOrEqual(most)
})
