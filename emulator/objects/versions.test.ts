import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cannedAcl, privateAcl } from './acl.ts'
import { type ObjectStore, openObjectStore } from './store.ts'
import { isDeleteMarker, isVersionId, versionIdOf } from './versions.ts'

const owner = { accountId: '1', canonicalId: '1' }
const acl = privateAcl(owner)
let folder: string
let store: ObjectStore

const open = () => openObjectStore({ folder, durable: false })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'versions-'))
  store = await open()
  await store.createBucket({ name: 'bucket', acl, location: '' })
  await store.changeBucket('bucket', () => ({ versioning: 'Enabled' }))
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const put = (key: string, body: string) =>
  store.putObject({ bucket: 'bucket', key, acl, headers: {}, metadata: {}, body: Readable.from([Buffer.from(body)]) })
const all = { prefix: '', delimiter: '', after: '', limit: 1000 }
const listed = async (request = all) => {
  const { entries } = await store.listVersions('bucket', request)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}
const ids = async (request = all) => (await listed(request)).map(({ version }) => versionIdOf(version))
const remove = (key: string, versionId?: string) => store.deleteObject('bucket', key, { versionId })

it('gives ids that nobody can guess', async () => {
  const made = [(await put('a', '1')).versionId, (await put('a', '2')).versionId, (await put('b', '1')).versionId]
  expect(made).toEqual([
    expect.stringMatching(/^[0-9a-f]{32}0$/),
    expect.stringMatching(/1$/),
    expect.stringMatching(/0$/),
  ])
  expect(new Set(made.map((id) => id?.slice(0, 32))).size).toBe(3)
})

it.each([
  ['null', true],
  [`${'a'.repeat(32)}0`, true],
  [`${'a'.repeat(32)}${'f'.repeat(12)}`, true],
  [`${'a'.repeat(32)}${'f'.repeat(13)}`, false],
  ['a'.repeat(32), false],
  [`${'A'.repeat(32)}0`, false],
  [`${'a'.repeat(32)}0\n`, false],
  ['', false],
])('%j is a version’s id: %s', (id, is) => expect(isVersionId(id)).toBe(is))

it('keeps versions over a restart', async () => {
  const old = await put('a', 'old')
  await put('a', 'new')
  await remove('a')
  const before = await ids()
  await store.close()
  store = await open()
  expect(await ids()).toEqual(before)
  expect(await text((await store.openObject('bucket', 'a', { versionId: old.versionId })).body())).toBe('old')
})

it('changes the ACL of one version', async () => {
  const [one, two] = [await put('a', '1'), await put('a', '2')]
  const shared = cannedAcl('public-read', owner) ?? acl
  await store.changeObject('bucket', 'a', () => ({ acl: shared }), one.versionId)
  expect((await store.getObject('bucket', 'a', one.versionId)).acl).toEqual(shared)
  expect((await store.getObject('bucket', 'a')).acl).toEqual(acl)
  await remove('a', two.versionId)
  expect((await store.getObject('bucket', 'a')).acl).toEqual(shared)
  const change = store.changeObject('bucket', 'a', () => ({ acl }), two.versionId)
  await expect(change).rejects.toMatchObject({ code: 'NoSuchVersion' })
})

it('shows a condition what a deletion would hide or remove', async () => {
  const seen: unknown[] = []
  const asked = { condition: (found: unknown) => void seen.push(found) }
  const object = await put('a', '1')
  await store.deleteObject('bucket', 'a', asked)
  await store.deleteObject('bucket', 'a', { ...asked, versionId: object.versionId })
  await store.deleteObject('bucket', 'none', asked)
  const refuse = () => {
    throw new Error('not that')
  }
  await expect(store.deleteObject('bucket', 'a', { condition: refuse })).rejects.toThrow('not that')
  expect(seen).toEqual([object, object, undefined])
  expect(await listed()).toMatchObject([{ version: { key: 'a', deleteMarker: true } }, { version: { key: 'none' } }])
})

it('puts all into one order, whoever writes at the same time', async () => {
  const writers = Array.from({ length: 30 }, (_, i) => (i % 3 === 2 ? remove('a') : put('a', `${i}`)))
  await Promise.all(writers)
  const rows = await listed()
  expect(rows).toHaveLength(30)
  expect(rows.filter(({ isLatest }) => isLatest)).toEqual([rows[0]])
  expect(rows.map(({ version }) => version.sequence)).toEqual(Array.from({ length: 30 }, (_, i) => 29 - i))
  expect(rows.filter(({ version }) => isDeleteMarker(version))).toHaveLength(10)
  const removed = await Promise.all((await ids()).map((id) => remove('a', id)))
  expect(removed.filter(Boolean)).toHaveLength(30)
  await store.deleteBucket('bucket')
})

describe('a listing', () => {
  it('goes on when the version that it ended with is gone', async () => {
    for (const body of '12345') await put('a', body)
    const [, , third, ...older] = await ids()
    await remove('a', third)
    expect(await ids({ ...all, after: 'a', afterVersionId: third } as typeof all)).toEqual(older)
  })

  it('begins a key anew when its null version, where it ended, is gone', async () => {
    await put('a', 'old')
    await store.changeBucket('bucket', () => ({ versioning: 'Suspended' }))
    await put('a', 'null')
    const [first, old] = await ids()
    expect(first).toBe('null')
    expect(await ids({ ...all, after: 'a', afterVersionId: 'null' } as typeof all)).toEqual([old])
    await remove('a', 'null')
    expect(await ids({ ...all, after: 'a', afterVersionId: 'null' } as typeof all)).toEqual([old])
  })
})

it('refuses keys with more zero bytes than the index has room for', async () => {
  const key = '\u0000'.repeat(1024)
  await expect(put(key, 'x')).rejects.toMatchObject({ code: 'KeyTooLong' })
  await expect(remove(key)).rejects.toMatchObject({ code: 'KeyTooLong' })
  await expect(store.getObject('bucket', key)).rejects.toMatchObject({ code: 'NoSuchKey' })
  await expect(store.getObject('bucket', key, 'null')).rejects.toMatchObject({ code: 'NoSuchVersion' })
  const id = `${'0'.repeat(32)}0`
  expect(await ids({ ...all, after: key.repeat(2), afterVersionId: id } as typeof all)).toEqual([])
  await put('\u0000'.repeat(600), 'x')
  expect(await ids()).toHaveLength(1)
})
