import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ManualClock, manualClock } from '../state/clock.ts'
import { privateAcl } from './acl.ts'
import type { LifecycleRule } from './lifecycle.ts'
import type { Tag } from './records.ts'
import { type ObjectStore, openObjectStore } from './store.ts'
import { isDeleteMarker, versionIdOf } from './versions.ts'

const day = 86_400_000
const owner = { accountId: '1', canonicalId: 'a' }
const acl = privateAcl(owner)
let folder: string
let clock: ManualClock
let store: ObjectStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expire-'))
  clock = manualClock(new Date('2026-01-01T12:00:00Z'))
  store = await openObjectStore({ folder, clock })
  await store.createBucket({ name: 'b', acl, location: '' })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const put = (key: string, { body = 'x', tags }: { body?: string; tags?: Tag[] } = {}) =>
  store.putObject({ bucket: 'b', key, acl, headers: {}, metadata: {}, tags, body: Readable.from([Buffer.from(body)]) })
const setRules = (...rules: Partial<LifecycleRule>[]) =>
  store.changeBucket('b', () => ({
    lifecycle: rules.map((rule, i) => ({
      id: `rule ${i}`,
      isEnabled: true,
      filter: { prefix: '', tags: [] },
      form: 'one',
      ...rule,
    })),
  }))
const keep = () => store.changeBucket('b', () => ({ versioning: 'Enabled' }))
const listing = { prefix: '', delimiter: '', after: '', limit: 10_000 }
const keys = async () =>
  (await store.listObjects('b', listing)).entries.map((entry) => ('row' in entry ? entry.row.key : ''))
const versions = async () =>
  (await store.listVersions('b', listing)).entries.flatMap((entry) => ('row' in entry ? [entry.row.version] : []))
/** Lets days pass, and then ends what has expired. */
const later = async (days: number) => {
  await clock.advance(days * day)
  await store.endExpired(day)
}

describe('objects', () => {
  it('end at the midnight after their days, and not before', async () => {
    await put('old')
    await setRules({ expiration: { days: 1 } })
    // They end at the midnight of 3 January.
    await later(1.499)
    expect(await keys()).toEqual(['old'])
    await put('new')
    await later(0.001)
    expect(await keys()).toEqual(['new'])
  })

  it('end only if all of a filter applies', async () => {
    const tags = [{ key: 'a', value: 'b' }]
    await put('x/hit', { body: '12345', tags })
    await put('y/other', { body: '12345', tags })
    await put('x/untagged', { body: '12345' })
    await put('x/small', { body: '1', tags })
    await setRules({ filter: { prefix: 'x/', tags, above: 4 }, expiration: { days: 1 } })
    await later(3)
    expect(await keys()).toEqual(['x/small', 'x/untagged', 'y/other'])
  })

  it('end at a date, and those that come later too', async () => {
    await put('a')
    await setRules({ expiration: { at: Date.parse('2026-01-03') } })
    await later(1)
    expect(await keys()).toEqual(['a'])
    await later(1)
    expect(await keys()).toEqual([])
    await put('b')
    await later(0)
    expect(await keys()).toEqual([])
  })

  it('stay when their rule is disabled, or when they were written anew', async () => {
    await put('a')
    await put('b')
    await setRules(
      { expiration: { days: 2 }, filter: { prefix: 'b', tags: [] } },
      { isEnabled: false, expiration: { days: 1 } },
    )
    await clock.advance(2 * day)
    await put('b')
    await later(1)
    expect(await keys()).toEqual(['a', 'b'])
  })

  it('end however many there are, with their bytes', async () => {
    await Promise.all(Array.from({ length: 620 }, (_, i) => put(`many/${i}`)))
    await put('other')
    await setRules({ filter: { prefix: 'many/', tags: [] }, expiration: { days: 1 } })
    await later(2)
    expect(await keys()).toEqual(['other'])
  })

  it('end in every bucket that has rules', async () => {
    await store.createBucket({ name: 'a', acl, location: '' })
    await store.createBucket({ name: 'c', acl, location: '' })
    await put('x')
    await setRules({ expiration: { days: 1 } })
    await store.changeBucket('c', () => ({ lifecycle: [] }))
    await later(2)
    expect(await keys()).toEqual([])
  })

  it('a signal ends the run between two batches, and the next run does the rest', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => put(`k${i}`)))
    await setRules({ expiration: { days: 1 } })
    await clock.advance(3 * day)
    await store.endExpired(day, AbortSignal.abort())
    expect(await keys()).toHaveLength(300)
    await store.endExpired(day)
    await store.endExpired(day)
    expect(await keys()).toEqual([])
  })
})

describe('versions', () => {
  it('a current one gets a delete marker and is then noncurrent', async () => {
    await keep()
    await put('k')
    await setRules({ expiration: { days: 1 } })
    await later(2)
    expect((await versions()).map((version) => isDeleteMarker(version))).toEqual([true, false])
    // A marker that hides a version does not end.
    await later(10)
    expect(await versions()).toHaveLength(2)
  })

  it('noncurrent ones end so many days after the next came, whatever their own age', async () => {
    await keep()
    await put('k', { body: '1' })
    await clock.advance(100 * day)
    await put('k', { body: '22' })
    await setRules({ noncurrent: { days: 2 } })
    await later(2)
    expect(await versions()).toHaveLength(2)
    await later(1)
    expect((await versions()).map((one) => !isDeleteMarker(one) && one.data.size)).toEqual([2])
  })

  it('the newest noncurrent ones stay if the rule says so, over more than a page', async () => {
    await keep()
    for (let i = 0; i < 260; i += 1) await put('k', { body: 'x'.repeat(i + 1) })
    await put('l')
    await setRules({ noncurrent: { days: 1, kept: 5 } })
    await later(5)
    await later(0)
    const sizes = (await versions()).map((one) => !isDeleteMarker(one) && one.data.size)
    expect(sizes).toEqual([260, 259, 258, 257, 256, 255, 1])
  })

  it.each<[string, Partial<LifecycleRule>]>([
    ['by the rule for those', { expiration: { aloneDeleteMarkers: true } }],
    ['by days', { expiration: { days: 1 } }],
  ])('a delete marker ends when it is alone: %s', async (_, rule) => {
    await keep()
    await put('alone')
    await put('hiding')
    const { versionId } = await put('alone')
    for (const key of ['alone', 'hiding']) await store.deleteObject('b', key)
    for (const version of await versions()) {
      if (version.key === 'alone' && !isDeleteMarker(version)) {
        await store.deleteObject('b', 'alone', { versionId: versionIdOf(version) })
      }
    }
    expect(versionId).toBeDefined()
    await setRules(rule)
    await later(3)
    expect((await versions()).map(({ key }) => key)).toEqual(['hiding', 'hiding'])
  })
})

describe('uploads', () => {
  it('that began so many days ago are aborted', async () => {
    const begin = (key: string) =>
      store.createUpload({ bucket: 'b', key, acl, initiator: owner, headers: {}, metadata: {} })
    await begin('x/old')
    await begin('y/old')
    await setRules({ filter: { prefix: 'x/', tags: [] }, abortUploads: 2 })
    await clock.advance(2 * day)
    await begin('x/new')
    await later(1)
    const { entries } = await store.listUploads('b', listing)
    expect(entries.map((entry) => 'row' in entry && entry.row.key)).toEqual(['x/new', 'y/old'])
  })
})
