import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { privateAcl } from './acl.ts'
import { type ObjectStore, openObjectStore } from './store.ts'

const owner = { accountId: '000123456789', canonicalId: 'c'.repeat(64) }
const acl = privateAcl(owner)
const clock = manualClock()
let folder: string
let store: ObjectStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objects-'))
  store = await openObjectStore({ folder, clock })
  await store.createBucket({ name: 'bucket', acl, location: '' })
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const reopen = async () => {
  await store.close()
  store = await openObjectStore({ folder, clock })
}
const put = (key: string, body: Buffer | Readable, bucket = 'bucket') =>
  store.putObject({
    bucket,
    key,
    acl,
    headers: {},
    metadata: {},
    body: Buffer.isBuffer(body) ? Readable.from([body]) : body,
  })
const get = async (key: string, range?: { start: number; end: number }) =>
  buffer((await store.read('bucket', key, range ? { range } : {})).body)
const files = async () => {
  const entries = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile())
}
const noFilesLeft = () => expect.poll(async () => (await files()).length).toBe(0)
// Deep equality of megabytes takes a minute.
const same = (actual: Buffer, expected: Buffer) => actual.equals(expected)
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const pattern = (size: number, seed = 7) =>
  Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, i) => (i * seed) & 255)))
const small = pattern(1000)
const large = pattern(300_000)
const fiveMiB = pattern(5 * 1024 * 1024)

describe('objects', () => {
  it.each([0, 1, 64 * 1024, 64 * 1024 + 1, 300_000])('keeps %i bytes over a restart', async (size) => {
    const bytes = pattern(size)
    const { etag } = await put('key', Readable.from(size ? [bytes.subarray(0, 9), bytes.subarray(9)] : []))
    expect(etag).toBe(md5(bytes))
    await reopen()
    expect(same(await get('key'), bytes)).toBe(true)
    expect((await store.findObject('bucket', 'key'))?.data.size).toBe(size)
  })

  it.each(['/a//b/', '../../etc/passwd', 'ключ \u0001 😀', 'a\u0000b', 'x'.repeat(1024)])(
    'keeps the key %j',
    async (key) => {
      await put(key, large)
      expect(same(await get(key), large)).toBe(true)
      const { entries } = await store.listObjects('bucket', { prefix: '', delimiter: '', after: '', limit: 10 })
      expect(entries).toMatchObject([{ name: key }])
    },
  )

  it.each([
    ['small', small],
    ['large', large],
  ])('reads a range of a %s object', async (_, bytes) => {
    await put('key', bytes)
    expect(await get('key', { start: 10, end: 19 })).toEqual(bytes.subarray(10, 20))
  })

  it('lets a reader finish what is overwritten and deleted meanwhile', async () => {
    for (const bytes of [small, large]) {
      await put('key', bytes)
      const reader = await store.openObject('bucket', 'key')
      await put('key', pattern(200_000, 3))
      await store.deleteObject('bucket', 'key')
      expect(same(await buffer(reader.body()), bytes)).toBe(true)
    }
    await noFilesLeft()
  })

  it('leaves nothing of a body that breaks off', async () => {
    async function* broken() {
      yield large
      throw new Error('the signature does not match')
    }
    await put('key', small)
    await expect(put('key', Readable.from(broken()))).rejects.toThrow('the signature does not match')
    expect(await get('key')).toEqual(small)
    await noFilesLeft()
  })

  it('discards what a condition refuses', async () => {
    const refuse = () => {
      throw new Error('there already')
    }
    const object = { bucket: 'bucket', key: 'key', acl, headers: {}, metadata: {}, condition: refuse }
    await expect(store.putObject({ ...object, body: Readable.from([large]) })).rejects.toThrow('there already')
    expect(await store.findObject('bucket', 'key')).toBeUndefined()
    await noFilesLeft()
  })

  it('keeps one of many that write the same key at once, whole', async () => {
    const versions = Array.from({ length: 8 }, (_, i) => pattern(100_000, i + 1))
    await Promise.all(versions.map((bytes) => put('key', bytes)))
    const bytes = await get('key')
    expect(versions.some((version) => version.equals(bytes))).toBe(true)
    await expect.poll(async () => (await files()).length).toBe(1)
  })

  it('takes a body no faster than it is written and gives no faster than it is read', async () => {
    let made = 0
    async function* source() {
      for (; made < 64; made += 1) yield pattern(1 << 20, made + 1)
    }
    await put('key', Readable.from(source(), { objectMode: false }))
    const { body, record } = await store.read('bucket', 'key')
    expect(record.data.size).toBe(64 << 20)
    await once(body, 'readable')
    expect(body.readableLength).toBeLessThan(4 << 20)
    body.destroy()
    await once(body, 'close')
    await store.deleteObject('bucket', 'key')
    await noFilesLeft()
  })

  it('lets only whom the ACL lets', async () => {
    await put('key', small)
    await expect(store.read('bucket', 'key', { requester: { kind: 'exec-read' } })).rejects.toMatchObject({
      code: 'AccessDenied',
    })
    await expect(store.read('bucket', 'none', { requester: { kind: 'exec-read' } })).rejects.toMatchObject({
      code: 'NoSuchKey',
    })
    await expect(store.read('none', 'key')).rejects.toMatchObject({ code: 'NoSuchBucket' })
  })

  it('keeps everything from the eyes of others', async () => {
    await put('key', large)
    expect((await stat(folder)).mode & 0o077).toBe(0)
    const all = await readdir(folder, { recursive: true, withFileTypes: true })
    const modes = await Promise.all(
      all.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mode & 0o777),
    )
    expect(all.filter((entry) => entry.isFile())).toHaveLength(3)
    expect(modes.filter((mode, i) => mode !== (all[i]?.isDirectory() ? 0o700 : 0o600))).toEqual([])
  })
})

describe('buckets', () => {
  it('refuses the second, the 101st and the one that is not empty', async () => {
    await expect(store.createBucket({ name: 'bucket', acl, location: '' })).rejects.toMatchObject({
      code: 'BucketAlreadyExists',
    })
    await Promise.all(Array.from({ length: 99 }, (_, i) => store.createBucket({ name: `b${i}`, acl, location: '' })))
    await expect(store.createBucket({ name: 'more', acl, location: '' })).rejects.toMatchObject({
      code: 'TooManyBuckets',
    })
    await put('key', small)
    await expect(store.deleteBucket('bucket')).rejects.toMatchObject({ code: 'BucketNotEmpty' })
    await store.deleteObject('bucket', 'key')
    await store.deleteBucket('bucket')
    expect(await store.listBuckets(owner.accountId)).toHaveLength(99)
    await expect(store.deleteBucket('bucket')).rejects.toMatchObject({ code: 'NoSuchBucket' })
    await expect(put('key', large)).rejects.toMatchObject({ code: 'NoSuchBucket' })
    await noFilesLeft()
  })

  it('never loses an object to a bucket that is deleted at the same time', async () => {
    const [stored, deleted] = await Promise.allSettled([put('key', small), store.deleteBucket('bucket')])
    expect([stored.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected'])
    expect(await store.findObject('bucket', 'key').then(Boolean)).toBe(stored.status === 'fulfilled')
  })
})

describe('uploads', () => {
  const begin = async (key = 'key') => {
    const { uploadId } = await store.createUpload({
      bucket: 'bucket',
      key,
      acl,
      initiator: owner,
      headers: {},
      metadata: {},
    })
    return { bucket: 'bucket', key, uploadId }
  }
  const putPart = async (name: { bucket: string; key: string; uploadId: string }, partNumber: number, bytes: Buffer) =>
    store.putPart(name, { partNumber, body: Readable.from([bytes]) })

  it('makes an object of its parts, over a restart, and answers a repeat alike', async () => {
    const upload = await begin()
    const second = await putPart(upload, 7, small)
    await putPart(upload, 1, large)
    const first = await putPart(upload, 1, fiveMiB)
    await putPart(upload, 9, large)
    await reopen()
    const listed = [first, second].map(({ partNumber, etag }) => ({ partNumber, etag }))
    const made = await store.completeUpload(upload, listed)
    expect(made.etag).toBe(`${md5(Buffer.from(first.etag + second.etag, 'hex'))}-2`)
    expect(await store.completeUpload(upload, listed)).toEqual(made)
    await reopen()
    expect(same(await get('key'), Buffer.concat([fiveMiB, small]))).toBe(true)
    const seam = { start: fiveMiB.length - 3, end: fiveMiB.length + 2 }
    expect(await get('key', seam)).toEqual(Buffer.concat([fiveMiB.subarray(-3), small.subarray(0, 3)]))
    await expect.poll(async () => (await files()).length).toBe(1)
    await store.deleteObject('bucket', 'key')
    await noFilesLeft()
  })

  it('answers a repeat of other parts, or of an object that is no longer there, as an upload that there is not', async () => {
    const upload = await begin()
    const one = await putPart(upload, 1, fiveMiB)
    const two = await putPart(upload, 2, small)
    const made = await store.completeUpload(upload, [one, two])
    for (const others of [[one], [two, one], [one, two, { ...two, partNumber: 3 }], [one, { ...two, etag: 'x' }]]) {
      await expect(store.completeUpload(upload, others), JSON.stringify(others)).rejects.toMatchObject({
        code: 'NoSuchUpload',
      })
    }
    // A part that is named twice in a row counts once, as at the first time.
    expect(await store.completeUpload(upload, [one, { ...two, etag: 'x' }, two])).toEqual(made)
    await store.deleteObject('bucket', 'key')
    await expect(store.completeUpload(upload, [one, two])).rejects.toMatchObject({ code: 'NoSuchUpload' })
  })

  it('refuses parts that are missing, out of order or too small', async () => {
    const upload = await begin()
    const one = await putPart(upload, 1, large)
    const two = await putPart(upload, 2, small)
    const complete = (...parts: { partNumber: number; etag: string }[]) => store.completeUpload(upload, parts)
    await expect(complete(two, one)).rejects.toMatchObject({ code: 'InvalidPartOrder' })
    await expect(complete(one, { partNumber: 1, etag: two.etag })).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(complete({ partNumber: 3, etag: one.etag })).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(complete({ partNumber: 1, etag: two.etag })).rejects.toMatchObject({ code: 'InvalidPart' })
    await expect(complete(one, two)).rejects.toMatchObject({ code: 'EntityTooSmall' })
    expect(await store.findObject('bucket', 'key')).toBeUndefined()
  })

  it('forgets an aborted upload and refuses to go on', async () => {
    const upload = await begin()
    const part = await putPart(upload, 1, large)
    await store.abortUpload(upload)
    await expect(putPart(upload, 2, large)).rejects.toMatchObject({ code: 'NoSuchUpload' })
    await expect(store.completeUpload(upload, [part])).rejects.toMatchObject({ code: 'NoSuchUpload' })
    await expect(store.listParts({ ...upload, key: 'other' }, { after: 0, limit: 1 })).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
    await noFilesLeft()
  })

  it('pages through parts and uploads', async () => {
    const uploads = [await begin('a'), await begin('b'), await begin('b'), await begin('c/d')]
    const upload = uploads[1]!
    for (const partNumber of [300, 2, 1]) await putPart(upload, partNumber, small)
    const page = await store.listParts(upload, { after: 1, limit: 1 })
    expect(page).toMatchObject({ parts: [{ partNumber: 2 }], truncated: true })
    expect(await store.listParts(upload, { after: 2, limit: 1 })).toMatchObject({
      parts: [{ partNumber: 300 }],
      truncated: false,
    })
    const all = { prefix: '', delimiter: '/', after: '', limit: 9 }
    const { entries } = await store.listUploads('bucket', all)
    expect(entries.map((entry) => ('row' in entry ? entry.row.key : entry.commonPrefix))).toEqual(['a', 'b', 'b', 'c/'])
    const first = entries[1]!
    const afterUploadId = 'row' in first ? first.row.uploadId : ''
    expect((await store.listUploads('bucket', { ...all, after: 'b', afterUploadId })).entries).toHaveLength(2)
    expect((await store.listUploads('bucket', { ...all, after: 'b' })).entries).toHaveLength(1)
    await store.deleteBucket('bucket')
    await noFilesLeft()
  })
})
