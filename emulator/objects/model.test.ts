import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { privateAcl } from './acl.ts'
import { type ModelBucket, type ModelPage, modelBucket } from './model.test.support.ts'
import type { ListedObject } from './object-rows.ts'
import type { Page, PageRequest } from './paging.ts'
import type { ObjectRecord, VersionIdentity, Versioning } from './records.ts'
import { type ObjectStore, openObjectStore } from './store.ts'
import { openTables } from './tables.ts'
import type { ListedVersion } from './version-listing.ts'
import { isDeleteMarker, versionIdOf } from './versions.ts'

let folder: string
let store: ObjectStore
let made = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-'))
  store = await openObjectStore({ folder, clock: manualClock(), durable: false })
})
afterAll(() => rm(folder, { recursive: true }))

const owner = { accountId: '1', canonicalId: '1' }
const plain = (bucket: string, key: string) => ({ bucket, key, headers: {}, metadata: {}, acl: privateAcl(owner) })

/** Small objects lie in the index, large ones in files. */
const bytesOf = (body: string) => Readable.from([Buffer.from(body.repeat(body === 'large' ? 20_000 : 1))])
const bodyOf = async (bucket: string, key: string, versionId?: string) => {
  const all = await text((await store.openObject(bucket, key, { versionId })).body())
  return all.startsWith('largelarge') ? 'large' : all
}
const codeOf = (work: Promise<unknown>) => work.then(String, (error: { code?: string }) => error.code)

/** The id of a new version for the model: the store gives one exactly where versions are kept. */
function idOf(model: ModelBucket, record: VersionIdentity): string {
  expect(record.versionId !== undefined).toBe(model.versioning() === 'Enabled')
  return versionIdOf(record)
}

const objectsIn = ({ entries, truncated }: Page<ListedObject>, bodies: ReadonlyMap<string, string>) => ({
  truncated,
  entries: entries.map((entry) =>
    'row' in entry ? `${entry.name} ${bodies.get(entry.row.etag)}` : `prefix ${entry.commonPrefix}`,
  ),
})
const versionsIn = ({ entries, truncated }: Page<ListedVersion>, bodies: ReadonlyMap<string, string>) => ({
  truncated,
  entries: entries.map((entry) => {
    if (!('row' in entry)) return `prefix ${entry.commonPrefix}`
    const { version, isLatest } = entry.row
    const body = isDeleteMarker(version) ? 'marker' : bodies.get(version.data.id)
    return `${version.key} ${versionIdOf(version)} ${body} ${isLatest}`
  }),
})
const shown = ({ entries, truncated }: ModelPage) => ({ entries, truncated })

/** A bucket of the store and its model, under test. */
function trial(bucket: string, model: ModelBucket) {
  /** Which bytes are whose, so that a listing can be compared without reading them. */
  const bodies = new Map<string, string>()
  const keep = (key: string, body: string, record: ObjectRecord) => {
    bodies.set(record.data.id, body)
    bodies.set(record.etag, body)
    model.put(key, body, idOf(model, record))
  }
  return {
    async put(key: string, body: string) {
      keep(key, body, await store.putObject({ ...plain(bucket, key), body: bytesOf(body) }))
    },
    async upload(key: string, body: string) {
      const upload = await store.createUpload({ ...plain(bucket, key), initiator: owner })
      const part = await store.putPart(upload, { partNumber: 1, body: bytesOf(body) })
      keep(key, body, await store.completeUpload(upload, [part]))
    },
    async copy(from: string, pick: number, key: string) {
      const version = model.versions(from)[pick]
      if (version?.body === undefined) return
      const source = await store.openObject(bucket, from, { versionId: version.id })
      keep(key, version.body, await store.putObject({ ...plain(bucket, key), body: source.body() }))
    },
    async remove(key: string) {
      const deleted = await store.deleteObject(bucket, key)
      if (model.versioning() === undefined) {
        expect(deleted).toEqual(model.current(key) && { deleteMarker: false })
        model.remove(key)
        return
      }
      expect(deleted).toMatchObject({ deleteMarker: true })
      expect(deleted?.versionId === 'null').toBe(model.versioning() === 'Suspended')
      model.remove(key, deleted?.versionId)
    },
    async removeVersion(key: string, pick: number) {
      const version = model.versions(key)[pick] ?? { id: `${'0'.repeat(32)}${pick}`, body: 'none' }
      const deleted = await store.deleteObject(bucket, key, { versionId: version.id })
      expect(deleted !== undefined).toBe(model.removeVersion(key, version.id))
      if (deleted) expect(deleted.deleteMarker).toBe(version.body === undefined)
    },
    async get(key: string, pick: number) {
      const current = model.current(key)
      expect(await (current ? bodyOf(bucket, key) : codeOf(store.getObject(bucket, key)))).toBe(
        current?.body ?? 'NoSuchKey',
      )
      const version = model.versions(key)[pick]
      const asked = version?.id ?? `${'f'.repeat(32)}${pick}`
      const found =
        version?.body === undefined ? codeOf(store.getObject(bucket, key, asked)) : bodyOf(bucket, key, asked)
      expect(await found).toBe(version ? (version.body ?? 'MethodNotAllowed') : 'NoSuchVersion')
    },
    /** Changes nothing that the model knows of. */
    async change(key: string, pick: number) {
      const version = model.versions(key)[pick]
      const change = store.changeObject(bucket, key, () => ({ tags: [{ key: 'k', value: 'v' }] }), version?.id)
      const isRefused = version ? version.body === undefined : model.current(key) === undefined
      const code = version ? 'MethodNotAllowed' : 'NoSuchKey'
      await (isRefused ? expect(change).rejects.toMatchObject({ code }) : change)
      if (!isRefused) expect((await store.getObject(bucket, key, version?.id)).tags).toHaveLength(1)
    },
    async list(request: PageRequest, pick: number) {
      const page = await store.listObjects(bucket, request)
      expect(objectsIn(page, bodies)).toEqual(shown(model.listObjects(request)))
      const afterVersionId = request.after === '' ? undefined : model.versions(request.after)[pick]?.id
      const versions = await store.listVersions(bucket, { ...request, ...(afterVersionId && { afterVersionId }) })
      expect(versionsIn(versions, bodies)).toEqual(shown(model.listVersions({ ...request, afterId: afterVersionId })))
    },
    async setVersioning(to: Versioning) {
      await store.changeBucket(bucket, () => ({ versioning: to }))
      model.setVersioning(to)
    },
    /** What is left can be read and listed page by page; when it is removed, so can the bucket. */
    async end() {
      const all = { prefix: '', delimiter: '', after: '', limit: 3 }
      for (let next: { after: string; afterId?: string | undefined } | undefined = { after: '' }; next; ) {
        const { after, afterId } = next
        const page = await store.listVersions(bucket, { ...all, after, ...(afterId && { afterVersionId: afterId }) })
        const expected = model.listVersions({ ...all, after, afterId })
        expect(versionsIn(page, bodies)).toEqual(shown(expected))
        next = page.truncated ? expected.last : undefined
      }
      const left = model.keys().flatMap((key) => model.versions(key).map((version) => ({ key, ...version })))
      if (left.length > 0) expect(await codeOf(store.deleteBucket(bucket))).toBe('BucketNotEmpty')
      for (const { key, id, body } of left) if (body !== undefined) expect(await bodyOf(bucket, key, id)).toBe(body)
      await Promise.all(left.map(({ key, id }) => store.deleteObject(bucket, key, { versionId: id })))
      await store.deleteBucket(bucket)
    },
  }
}
type Trial = ReturnType<typeof trial>

const key = fc.constantFrom('a', 'a/', 'a/b', 'a/b/c', 'a\u0000', 'a\u0000b', 'a\u0001', 'b', '\uffff', '😀')
const body = fc.constantFrom('', 'x', 'yy', 'zzz', 'large')
const pick = fc.nat({ max: 4 })
const request = fc.record({
  prefix: fc.constantFrom('', '', 'a', 'a/', 'a\u0000'),
  delimiter: fc.constantFrom('', '/', 'b'),
  after: fc.oneof(fc.constant(''), key),
  limit: fc.integer({ min: 0, max: 5 }),
})

/** A step that is always possible, and that shows its arguments when a run fails. */
const step = <Arguments extends readonly unknown[]>(
  name: string,
  of: { [Name in keyof Arguments]: fc.Arbitrary<Arguments[Name]> },
  run: (trial: Trial, ...given: Arguments) => Promise<void>,
): fc.Arbitrary<fc.AsyncCommand<object, Trial>> =>
  fc.tuple(...of).map((given) => ({
    check: () => true,
    run: (_, trial) => run(trial, ...(given as unknown as Arguments)),
    toString: () => `${name}(${given.map((one) => JSON.stringify(one)).join(', ')})`,
  }))

const steps = [
  step('put', [key, body], (trial, ...given) => trial.put(...given)),
  step('put', [key, body], (trial, ...given) => trial.put(...given)),
  step('upload', [key, body], (trial, ...given) => trial.upload(...given)),
  step('copy', [key, pick, key], (trial, ...given) => trial.copy(...given)),
  step('remove', [key], (trial, ...given) => trial.remove(...given)),
  step('removeVersion', [key, pick], (trial, ...given) => trial.removeVersion(...given)),
  step('get', [key, pick], (trial, ...given) => trial.get(...given)),
  step('change', [key, pick], (trial, ...given) => trial.change(...given)),
  step('list', [request, pick], (trial, ...given) => trial.list(...given)),
]
const switches = step('setVersioning', [fc.constantFrom('Enabled', 'Enabled', 'Suspended')], (trial, to) =>
  trial.setVersioning(to),
)

it.each([
  ['without versioning', steps, 40],
  ['with versioning switched at will', [...steps, switches], 160],
] as const)(
  'does what the model does, %s',
  async (_, kinds, numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.commands([...kinds], { maxCommands: 50, size: 'max' }), async (commands) => {
        made += 1
        const name = `bucket-${made}`
        await store.createBucket({ name, acl: privateAcl({ accountId: name, canonicalId: '1' }), location: '' })
        const real = trial(name, modelBucket())
        await fc.asyncModelRun(() => ({ model: {}, real }), commands)
        await real.end()
      }),
      { numRuns },
    )
  },
  120_000,
)

it('has left nothing behind', async () => {
  await store.close()
  const tables = openTables(join(folder, 'index.mdb'))
  const { commit: _, spare: _spare, shownObjects: _shown, pages: _pages, object: _object, close, ...left } = tables
  expect(Object.entries(left).filter(([, table]) => table.getCount() > 0)).toEqual([])
  await close()
})
