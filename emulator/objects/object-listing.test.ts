import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { privateAcl } from './acl.ts'
import { listObjects } from './object-listing.ts'
import type { ShownObject } from './object-rows.ts'
import { createPageMemory } from './page-memory.ts'
import { type ObjectStore, openObjectStore } from './store.ts'
import type { Tables } from './tables.ts'

const all = { prefix: '', delimiter: '', after: '', limit: 1000 }
const value: ShownObject = { etag: 'e', size: 1, lastModified: 0, owner: '1' }

/** A table of 300 keys in three folders that counts how often it is read and how many rows it gives. */
function counted() {
  const keys = Array.from(
    { length: 300 },
    (_, index) => `b\0${Math.floor(index / 100)}/${String(index).padStart(3, '0')}`,
  )
  const seen = { ranges: 0, rows: 0 }
  const shownObjects: Tables['shownObjects'] = function* ({ start, end }) {
    seen.ranges += 1
    for (const key of keys) {
      const bytes = Buffer.from(key)
      if (Buffer.compare(bytes, start) < 0 || Buffer.compare(bytes, end) >= 0) continue
      seen.rows += 1
      yield { key, value }
    }
  }
  return { tables: { shownObjects, pages: createPageMemory(64) } as never, seen }
}

describe('the cost', () => {
  it.each([
    ['its entries', { limit: 10 }, 10, { ranges: 1, rows: 11 }],
    ['its entries, after a key', { limit: 10, after: '1/150' }, 10, { ranges: 1, rows: 11 }],
    ['its entries, with a prefix', { prefix: '2/', limit: 10 }, 10, { ranges: 1, rows: 11 }],
    ['a seek for each common prefix', { delimiter: '/' }, 3, { ranges: 4, rows: 3 }],
  ])('of a page is %s', (_, request, count, cost) => {
    const { tables, seen } = counted()
    expect(listObjects(tables, 'b', { ...all, ...request }).entries).toHaveLength(count)
    expect(seen).toEqual(cost)
  })

  it('of the same common prefixes again is nothing', () => {
    const { tables, seen } = counted()
    const request = { ...all, delimiter: '/' }
    const first = listObjects(tables, 'b', request)
    const { ranges } = seen
    expect(listObjects(tables, 'b', { ...request })).toEqual(first)
    expect(seen.ranges).toBe(ranges)
    for (const other of [{ limit: 1 }, { after: '0/' }, { prefix: '1' }, { delimiter: '0' }]) {
      const before = seen.ranges
      listObjects(tables, 'b', { ...request, ...other })
      expect(seen.ranges).toBeGreaterThan(before)
    }
  })
})

describe('in a store', () => {
  let folder: string
  let store: ObjectStore
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'object-listing-'))
    store = await openObjectStore({ folder, durable: false })
  })
  afterAll(async () => {
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('a page of common prefixes shows every answered write, whoever writes and lists at the same time', async () => {
    const acl = privateAcl({ accountId: '1', canonicalId: '1' })
    await store.createBucket({ name: 'b', acl, location: '' })
    const listed = async () => {
      const { entries } = await store.listObjects('b', { ...all, delimiter: '/' })
      return new Set(entries.map((entry) => ('row' in entry ? entry.name : entry.commonPrefix)))
    }
    const writer = async (name: string) => {
      for (let turn = 0; turn < 25; turn += 1) {
        const body = Readable.from([Buffer.from('x')])
        await store.putObject({ bucket: 'b', key: `${name}/k`, acl, headers: {}, metadata: {}, body })
        expect(await listed()).toContain(`${name}/`)
        await store.deleteObject('b', `${name}/k`)
        expect(await listed()).not.toContain(`${name}/`)
      }
    }
    let isDone = false
    const lister = async () => {
      for (; !isDone; await new Promise(setImmediate)) await listed()
    }
    const listing = lister()
    await Promise.all(['a', 'b', 'c', 'd'].map(writer)).finally(() => {
      isDone = true
    })
    await listing
    expect(await listed()).toEqual(new Set())
  })
})
