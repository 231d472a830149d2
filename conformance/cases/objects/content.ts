import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { contentMd5, etagOf, expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const objects = area('objects', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6, 10.1 and 10.5; S3 API Reference, PutObject, GetObject and HeadObject',
})

/** Sizes around those at which storage changes how it keeps bytes. */
const sizes = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, 1_048_577]

const stored = {
  'content-type': 'text/x-case; charset=utf-8',
  'cache-control': 'max-age=60, private',
  'content-disposition': 'attachment; filename="a b.txt"',
  'content-encoding': 'x-case',
  'content-language': 'de, en',
  expires: 'Thu, 01 Dec 2033 16:00:00 GMT',
}

const metadata = { 'x-amz-meta-colour': 'blue', 'x-amz-meta-with-hyphens-and-1': 'a=b; c', 'x-amz-meta-empty-not': '0' }

export default [
  objects(
    'etag-is-the-md5',
    'the ETag is the MD5 of the bytes, in quotes, alike in the answers to PUT, GET and HEAD and in a listing',
    ['PutObject', 'GetObject', 'HeadObject', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const size of sizes) {
        const [key, bytes] = [`of-${size}`, randomBytes(size)]
        const etag = etagOf(bytes)
        expectHeaders(`PUT of ${size} bytes`, { headers: await bucket.put(key, bytes) }, { etag })
        const got = await bucket.ask('GET', key)
        assert.ok(got.body.equals(bytes), `GET of ${size} bytes gave other bytes`)
        const expected = { etag, 'content-length': String(size) }
        expectHeaders(`GET of ${size} bytes`, got, expected)
        expectHeaders(`HEAD of ${size} bytes`, await bucket.ask('HEAD', key), expected)
        const [row] = [await bucket.document(`?list-type=2&prefix=${key}`)]
        expectSame(`list ${key}`, [text(row, 'Contents', 'ETag'), text(row, 'Contents', 'Size')], [etag, String(size)])
        await bucket.ask('DELETE', key)
      }
    },
    { smoke: true },
  ),
  objects(
    'content-md5-is-checked',
    'a PUT whose Content-MD5 is that of other bytes is refused and stores nothing; the right one is taken',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const put = (md5: string) => bucket.put('object', 'the bytes', { 'content-md5': md5 })
      await tools.refuses(put(contentMd5('other bytes')), refusal('BadDigest', 400))
      await tools.refuses(put('not a digest'), refusal('InvalidDigest', 400))
      await tools.refuses(put(Buffer.from('short').toString('base64')), refusal('InvalidDigest', 400))
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await put(contentMd5('the bytes'))
      expectSame('GET object', await bucket.read('object'), 'the bytes')
    },
  ),
  objects(
    'metadata-comes-back',
    'user metadata comes back with GET and HEAD, under names in lower case, and nothing that was not sent',
    ['PutObject', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x', { ...metadata, 'X-Amz-Meta-Upper': 'Kept As Is' })
      const expected = { ...metadata, 'x-amz-meta-upper': 'Kept As Is' }
      for (const method of ['GET', 'HEAD']) {
        const { headers } = await bucket.ask(method, 'object')
        const came = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'))
        expectSame(`${method} object`, Object.fromEntries(came), expected)
      }
    },
  ),
  objects(
    'metadata-has-a-limit',
    'two kibibytes of user metadata are taken, more are refused with MetadataTooLarge',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      // Whether the prefix of the names counts is not told.
      const put = (size: number) => bucket.put('object', 'x', { 'x-amz-meta-a': 'm'.repeat(size) })
      await tools.refuses(put(2060), refusal('MetadataTooLarge', 400))
      await put(2030)
      expectHeaders('HEAD object', await bucket.ask('HEAD', 'object'), { 'x-amz-meta-a': 'm'.repeat(2030) })
    },
    { source: 'S3 User Guide, Working with object metadata (2 KB of user-defined metadata)', level: 'SHOULD' },
  ),
  objects(
    'content-headers-come-back',
    'type, encoding, language, disposition and cache headers come back as they were sent',
    ['PutObject', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x', stored)
      for (const method of ['GET', 'HEAD']) expectHeaders(method, await bucket.ask(method, 'object'), stored)
    },
  ),
  objects(
    'type-when-none-is-sent',
    'an object that came without a type is served as binary/octet-stream',
    ['PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x')
      expectHeaders('GET object', await bucket.ask('GET', 'object'), { 'content-type': 'binary/octet-stream' })
    },
    { level: 'SHOULD', source: 'S3 API Reference, PutObject (Content-Type)' },
  ),
  objects(
    'head-is-get-without-the-bytes',
    'HEAD answers with the headers of GET and no body, also for what is not there',
    ['HeadObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'the bytes', { ...stored, ...metadata })
      const [get, head] = [await bucket.ask('GET', 'object'), await bucket.ask('HEAD', 'object')]
      assert.equal(head.body.length, 0)
      const told = [...Object.keys(stored), ...Object.keys(metadata)]
      for (const name of [...told, 'etag', 'last-modified', 'content-length', 'accept-ranges']) {
        assert.ok(get.headers[name] !== undefined, `GET does not tell ${name}`)
        expectSame(`HEAD, ${name}`, head.headers[name], get.headers[name])
      }
      const { document } = await tools.refuses(bucket.ask('HEAD', 'absent'), refusal('HTTP 404', 404))
      expectSame('HEAD absent', document, undefined)
    },
  ),
  objects(
    'last-modified',
    'an object says when it was stored, to the second, alike in GET, HEAD and a listing',
    ['GetObject', 'HeadObject', 'ListObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x')
      const { headers } = await bucket.ask('GET', 'object')
      const at = headers['last-modified'] ?? ''
      const now = Date.parse(headers['date'] ?? '')
      expectSame('the form of Last-Modified', new Date(at).toUTCString(), at)
      assert.ok(Math.abs(now - Date.parse(at)) < 120_000, `stored just now, but ${at} is not near ${headers['date']}`)
      expectHeaders('HEAD object', await bucket.ask('HEAD', 'object'), { 'last-modified': at })
      const listed = text(await bucket.document(''), 'Contents', 'LastModified') ?? ''
      assert.match(listed, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expectSame('list', Math.floor(Date.parse(listed) / 1000), Date.parse(at) / 1000)
    },
  ),
  objects(
    'answers-have-an-id',
    'every answer bears an id of the request, and an error repeats it',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'x')
      const ids: (string | undefined)[] = []
      for (let count = 0; count < 3; count += 1)
        ids.push((await bucket.ask('GET', 'object')).headers['x-amz-request-id'])
      assert.ok(ids.every(Boolean) && new Set(ids).size === 3, `three answers have the ids ${ids.join(', ')}`)
      const { requestId } = await tools.refuses(bucket.ask('GET', 'absent'), refusal('NoSuchKey', 404))
      assert.ok(requestId, 'the error document has no RequestId')
    },
    { level: 'SHOULD', source: 'eucalyptus-behaviour.md section 1.3; S3 API Reference, Common response headers' },
  ),
]
