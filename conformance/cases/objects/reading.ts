import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { area } from '../../area.ts'
import { expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const objects = area('objects', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, GetObject; RFC 9110 section 14',
})

/** Ranges of 100 bytes: what is asked, and from where to where (exclusive) it is answered; none: the whole object. */
const ranges: readonly (readonly [string, number, number] | readonly [string])[] = [
  ['bytes=0-', 0, 100],
  ['bytes=0-0', 0, 1],
  ['bytes=99-99', 99, 100],
  ['bytes=99-', 99, 100],
  ['bytes=-1', 99, 100],
  ['bytes=-100', 0, 100],
  ['bytes=-1000', 0, 100],
  ['bytes=10-19', 10, 20],
  ['bytes=90-100', 90, 100],
  // A unit that is not known is as if it were not there.
  ['lines=0-1'],
]

const overrides: Readonly<Record<string, string>> = {
  'content-type': 'text/x-other',
  'content-language': 'fr',
  expires: 'Thu, 01 Dec 2033 16:00:00 GMT',
  'cache-control': 'no-cache',
  'content-disposition': 'attachment; filename="other.txt"',
  'content-encoding': 'x-other',
}

export default [
  objects(
    'range-forms',
    'first and last byte, open ends and suffixes choose just these bytes, by GET and HEAD; another unit is ignored',
    ['GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const bytes = randomBytes(100)
      await bucket.put('object', bytes)
      for (const [range, start, end] of ranges) {
        const headers = { range }
        const got = await bucket.ask('GET', 'object', { headers })
        const status = end === undefined ? 200 : 206
        const expected = {
          'content-range': end === undefined ? undefined : `bytes ${start}-${end - 1}/100`,
          'content-length': String((end ?? 100) - (start ?? 0)),
        }
        expectSame(`GET ${range}`, got.status, status)
        expectHeaders(`GET ${range}`, got, expected)
        assert.ok(got.body.equals(bytes.subarray(start, end)), `${range} gave other bytes`)
        const head = await bucket.ask('HEAD', 'object', { headers })
        expectSame(`HEAD ${range}`, head.status, status)
        expectHeaders(`HEAD ${range}`, head, expected)
      }
    },
    { smoke: true },
  ),
  objects(
    'range-that-is-none',
    'what is written as a range and is none is ignored or refused, and never answered with some of the bytes',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'the content')
      for (const range of ['bytes=20-10', 'bytes=a-b', 'bytes=-', 'bytes']) {
        const came = await bucket.ask('GET', 'object', { headers: { range } }).then(
          ({ status, body }) => (status === 200 && body.toString() === 'the content' ? 'ignored' : status),
          ({ status }: { status?: number }) => (status === 416 || status === 400 ? 'refused' : status),
        )
        expectSame(`GET ${range}`, came === 'ignored' || came === 'refused' || came, true)
      }
    },
    { source: 'RFC 9110 section 14.2 (invalid ranges may be ignored or rejected)' },
  ),
  objects(
    'range-that-is-not-there',
    'a range behind the end, of no bytes or of an empty object is refused with InvalidRange and 416',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', randomBytes(100))
      await bucket.put('empty', '')
      const invalid = refusal('InvalidRange', 416)
      for (const range of ['bytes=100-', 'bytes=100-200', 'bytes=-0']) {
        await tools.refuses(bucket.ask('GET', 'object', { headers: { range } }), invalid)
      }
      await tools.refuses(bucket.ask('GET', 'empty', { headers: { range: 'bytes=0-0' } }), invalid)
    },
  ),
  objects(
    'if-range',
    'a range counts only for the version that If-Range names; of another the whole object comes',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { etag = '' } = await bucket.put('object', '0123456789')
      const get = (ifRange: string) => bucket.read('object', { headers: { range: 'bytes=2-4', 'if-range': ifRange } })
      expectSame('If-Range: its ETag', await get(etag), '234')
      expectSame('If-Range: another ETag', await get('"another"'), '0123456789')
    },
    { level: 'MAY', source: 'RFC 9110 section 13.1.5' },
  ),
  objects(
    'response-headers-can-be-chosen',
    'a signed GET may choose the type, language, encoding and cache headers of its answer; an unsigned one may not',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x', { 'x-amz-acl': 'public-read', 'content-type': 'text/plain' })
      const query = Object.entries(overrides).map(([name, value]) => `response-${name}=${encodeURIComponent(value)}`)
      const asked = `object?${query.join('&')}`
      expectHeaders(`GET ${asked}`, await bucket.ask('GET', asked), overrides)
      await tools.refuses(bucket.anonymous.ask('GET', asked), refusal('InvalidRequest', 400))
      expectHeaders('GET object', await bucket.ask('GET', 'object'), { 'content-type': 'text/plain' })
    },
    { needs: ['s3', 'acl'] },
  ),
  objects(
    'keys-are-exact',
    'keys that differ only in case, accents, a slash or a dot are different objects',
    ['PutObject', 'GetObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const keys = ['key', 'KEY', 'key/', 'key.', 'k', 'key%20', '%C3%A9', 'e%CC%81', 'a/b', 'a//b', '0123', '123']
      for (const key of keys) await bucket.put(key, `of ${key}`)
      for (const key of keys) expectSame(`GET ${key}`, await bucket.read(key), `of ${key}`)
      await bucket.ask('DELETE', 'key')
      await tools.refuses(bucket.read('key'), refusal('NoSuchKey', 404))
      for (const key of keys.slice(1)) expectSame(`GET ${key}`, await bucket.read(key), `of ${key}`)
    },
  ),
  objects(
    'one-of-many-writers-wins',
    'of objects that are put under one key at the same time one stays, whole, with its own ETag and metadata',
    ['PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const writers = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => ({ letter, body: letter.repeat(200_000) }))
      const puts = writers.map(({ letter, body }) => bucket.put('object', body, { 'x-amz-meta-of': letter }))
      // All come to their end, so that nothing is put any more while the bucket is emptied.
      await Promise.allSettled(puts)
      const etags = (await Promise.all(puts)).map(({ etag }) => etag)
      const { body, headers } = await bucket.ask('GET', 'object')
      const winner = writers.findIndex((one) => one.letter === headers['x-amz-meta-of'])
      assert.ok(winner >= 0, `the object has the metadata of no writer: ${headers['x-amz-meta-of']}`)
      expectSame('the ETag', headers['etag'], etags[winner])
      assert.ok(body.equals(Buffer.from(writers[winner]?.body ?? '')), 'the bytes are not those of the same writer')
    },
    { seconds: 2 },
  ),
  objects(
    'deleting-twice',
    'deleting an object is answered with 204 whether or not it was there, and says nothing else',
    ['DeleteObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x')
      for (const time of ['first', 'second']) {
        const { status, body } = await bucket.ask('DELETE', 'object')
        expectSame(`the ${time} DELETE`, [status, body.length], [204, 0])
        await tools.refuses(bucket.ask('HEAD', 'object'), refusal('HTTP 404', 404))
      }
    },
  ),
  objects(
    'errors-name-their-resource',
    'the document of an error has code, message and the resource it is about, outside of any namespace',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { document } = await tools.refuses(bucket.ask('GET', 'folder/absent'), refusal('NoSuchKey', 404))
      const { Code, Message, Resource, Key } = document as Record<string, string>
      expectSame('the code', Code, 'NoSuchKey')
      assert.ok(Message, 'the error has no message')
      const about = tools.of({ eucalyptus: Resource, aws: Resource ?? Key })
      assert.match(about ?? '', /folder\/absent$/, 'the error does not name what it is about')
    },
    { level: 'SHOULD', source: 'eucalyptus-behaviour.md section 1.3; S3 API Reference, REST error responses' },
  ),
]
