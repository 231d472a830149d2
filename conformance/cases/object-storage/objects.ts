import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { contentOf, texts } from '../../bucket.ts'
import { makeBucket } from '../../buckets.ts'
import { type Case, defineCase } from '../../case.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.6, 10.1 and 10.5; S3 API Reference'
const base = { level: 'MUST', needs: ['s3'], source, seconds: 2 } as const
const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex')

/** Small enough for an index, and large enough for a file of its own. */
const sizes = [0, 1, 70_000, 3_000_001]

const kept: Case = defineCase({
  ...base,
  id: 'object-storage/object-is-kept',
  title: 'an object comes back with its bytes, its ETag (their MD5), its type and its metadata, until it is deleted',
  covers: ['PutObject', 'GetObject', 'HeadObject', 'DeleteObject'],
  async run(tools) {
    const { minio, s3 } = tools.administrator
    const bucket = await makeBucket(tools)
    for (const size of sizes) {
      const [key, bytes] = [`object-${size}`, randomBytes(size)]
      const given = { 'content-type': 'image/x-test', 'x-amz-meta-colour': 'blue' }
      const { etag } = await minio.putObject(bucket, key, bytes, size, given)
      assert.equal(etag, md5(bytes))
      assert.ok((await buffer(await minio.getObject(bucket, key))).equals(bytes), `${key} came back with other bytes`)
      const seen = await minio.statObject(bucket, key)
      assert.deepEqual([seen.size, seen.etag], [size, md5(bytes)])
      assert.equal(seen.metaData['content-type'], 'image/x-test')
      assert.equal(seen.metaData['colour'], 'blue')
      await minio.removeObject(bucket, key)
      await tools.refuses(s3({ method: 'GET', path: `/${bucket}/${key}` }), refusal('NoSuchKey', 404))
    }
    const { status } = await s3({ method: 'DELETE', path: `/${bucket}/object-1` })
    assert.equal(status, 204, 'deleting what is not there is no fault')
  },
})

const replaced: Case = defineCase({
  ...base,
  id: 'object-storage/object-is-replaced',
  title: 'a later PUT replaces an object whole: bytes, type and metadata',
  covers: ['PutObject', 'GetObject'],
  async run(tools) {
    const { s3 } = tools.administrator
    const path = `/${await makeBucket(tools)}/object`
    const headers = { 'content-type': 'text/plain', 'x-amz-meta-colour': 'blue' }
    await s3({ method: 'PUT', path, headers, body: randomBytes(100_000) })
    await s3({ method: 'PUT', path, body: 'second' })
    const { body, headers: seen } = await s3({ method: 'GET', path })
    assert.equal(body.toString(), 'second')
    assert.equal(seen['x-amz-meta-colour'], undefined)
    assert.notEqual(seen['content-type'], 'text/plain')
    assert.equal(seen['etag'], `"${md5('second')}"`)
  },
})

const keys = [
  'with space',
  'folder//deeper/',
  '/leading',
  'ünï/cödé/日本',
  'a+b=c&d?e#f',
  'percent%2Fsign',
  'quo\'te"s<>',
  '.',
  'dots/../up',
  'k'.repeat(1024),
]

const named: Case = defineCase({
  ...base,
  id: 'object-storage/keys-are-any-text',
  title: 'a key is any text of up to 1024 bytes, and no path: slashes and dots mean nothing',
  covers: ['PutObject', 'GetObject', 'ListObjectsV2'],
  source: `${source}; clients.md quirk 8`,
  async run(tools) {
    const { s3, minio } = tools.administrator
    const bucket = await makeBucket(tools)
    const pathOf = (key: string) => `/${bucket}/${encodeURIComponent(key).replaceAll('%2F', '/')}`
    // An HTTP client may resolve a dot on its own; percent-encoded it arrives.
    const dotted = (key: string) =>
      pathOf(key).replace(/\/(\.+)(?=\/|$)/g, (_, dots) => `/${dots.replaceAll('.', '%2E')}`)
    for (const key of keys) await s3({ method: 'PUT', path: dotted(key), body: `at ${key}` })
    for (const key of keys) assert.equal((await s3({ method: 'GET', path: dotted(key) })).body.toString(), `at ${key}`)
    const listed: string[] = []
    for await (const { name } of minio.listObjectsV2(bucket, '', true) as AsyncIterable<{ name: string }>)
      listed.push(name)
    assert.deepEqual(listed.sort(), [...keys].sort())
    const tooLong = { eucalyptus: refusal('KeyTooLong', 400), aws: refusal('KeyTooLongError', 400) }
    await tools.refuses(s3({ method: 'PUT', path: pathOf('k'.repeat(1025)), body: '' }), tooLong)
  },
})

const ranges: Case = defineCase({
  ...base,
  id: 'object-storage/ranges',
  title: 'a range of an object is answered with 206 and just these bytes; one behind its end with 416',
  covers: ['GetObject'],
  async run(tools) {
    const { s3 } = tools.administrator
    const bytes = randomBytes(200_000)
    const path = `/${await makeBucket(tools)}/object`
    await s3({ method: 'PUT', path, body: bytes })
    const tried: [string, number, number][] = [
      ['bytes=0-0', 0, 1],
      ['bytes=65535-65536', 65_535, 65_537],
      ['bytes=199990-', 199_990, 200_000],
      ['bytes=-5', 199_995, 200_000],
      ['bytes=199990-999999', 199_990, 200_000],
    ]
    for (const [range, start, end] of tried) {
      const { status, headers, body } = await s3({ method: 'GET', path, headers: { range } })
      assert.equal(status, 206)
      assert.equal(headers['content-range'], `bytes ${start}-${end - 1}/200000`)
      assert.ok(body.equals(bytes.subarray(start, end)), `${range} has other bytes`)
    }
    const behind = s3({ method: 'GET', path, headers: { range: 'bytes=200000-' } })
    await tools.refuses(behind, refusal('InvalidRange', 416))
  },
})

const conditions: Case = defineCase({
  ...base,
  id: 'object-storage/conditions',
  title: 'an object is answered, not modified or refused by the conditions of the request',
  covers: ['GetObject'],
  async run(tools) {
    const { s3 } = tools.administrator
    const path = `/${await makeBucket(tools)}/object`
    await s3({ method: 'PUT', path, body: 'content' })
    const { etag = '', 'last-modified': stored = '' } = (await s3({ method: 'HEAD', path })).headers
    const get = (condition: Record<string, string>) => s3({ method: 'GET', path, headers: condition })
    const long = new Date(0).toUTCString()
    for (const good of [{ 'if-match': etag }, { 'if-none-match': '"other"' }, { 'if-unmodified-since': stored }]) {
      assert.equal((await get(good as Record<string, string>)).body.toString(), 'content')
    }
    assert.equal((await get({ 'if-none-match': etag })).status, 304)
    assert.equal((await get({ 'if-modified-since': stored })).status, 304)
    for (const bad of [{ 'if-match': '"other"' }, { 'if-unmodified-since': long }]) {
      await tools.refuses(get(bad as Record<string, string>), refusal('PreconditionFailed', 412))
    }
  },
})

const copies: Case = defineCase({
  ...base,
  id: 'object-storage/copy',
  title: 'a copy has the bytes of its source, and its metadata unless that is replaced',
  covers: ['CopyObject', 'GetObject'],
  async run(tools) {
    const { s3 } = tools.administrator
    const bucket = await makeBucket(tools)
    const body = randomBytes(100_000)
    await s3({ method: 'PUT', path: `/${bucket}/a%20source`, headers: { 'x-amz-meta-colour': 'blue' }, body })
    const copy = (key: string, headers: Record<string, string> = {}) =>
      s3({
        method: 'PUT',
        path: `/${bucket}/${key}`,
        headers: { 'x-amz-copy-source': `/${bucket}/a%20source`, ...headers },
      })
    await copy('kept')
    await copy('replaced', { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-colour': 'red' })
    for (const [key, colour] of [
      ['kept', 'blue'],
      ['replaced', 'red'],
    ]) {
      const got = await s3({ method: 'GET', path: `/${bucket}/${key}` })
      assert.ok(got.body.equals(body))
      assert.deepEqual([got.headers['x-amz-meta-colour'], got.headers['etag']], [colour, `"${md5(body)}"`])
    }
    const absent = copy('none', { 'x-amz-copy-source': `/${bucket}/absent` })
    await tools.refuses(absent, refusal('NoSuchKey', 404))
    await tools.refuses(s3({ method: 'GET', path: `/${bucket}/none` }), refusal('NoSuchKey', 404))
  },
})

const multipart: Case = defineCase({
  ...base,
  id: 'object-storage/multipart',
  title: 'an upload in parts becomes one object when it is completed, with an ETag of the parts and their number',
  needs: ['s3', 'multipart'],
  covers: ['CreateMultipartUpload', 'UploadPart', 'ListParts', 'CompleteMultipartUpload', 'AbortMultipartUpload'],
  seconds: 4,
  async run(tools) {
    const { s3, minio } = tools.administrator
    const bucket = await makeBucket(tools)
    const path = `/${bucket}/object`
    const parts = [randomBytes(5 * 2 ** 20), randomBytes(1000)] as const
    const begin = () => minio.initiateNewMultipartUpload(bucket, 'object', {})
    const put = async (id: string, number: number, body: Buffer) =>
      (await s3({ method: 'PUT', path, query: `partNumber=${number}&uploadId=${id}`, body })).headers['etag'] ?? ''
    const complete = (id: string, etags: readonly string[]) => {
      const listed = etags.map(
        (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
      )
      const body = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
      return s3({ method: 'POST', path, query: `uploadId=${id}`, body })
    }
    const numbers = async (id: string) => {
      const answer = await s3({ method: 'GET', path, query: `uploadId=${id}` })
      return texts(contentOf(answer), 'Part', 'PartNumber')
    }
    const id = await begin()
    const etags = [await put(id, 1, parts[0]), await put(id, 2, parts[1])]
    assert.deepEqual(
      etags,
      parts.map((part) => `"${md5(part)}"`),
    )
    assert.deepEqual(await numbers(id), ['1', '2'])
    await tools.refuses(s3({ method: 'GET', path }), refusal('NoSuchKey', 404))
    await tools.refuses(complete(id, [`"${md5('other')}"`]), refusal('InvalidPart', 400))
    await complete(id, etags)
    const { body, headers } = await s3({ method: 'GET', path })
    assert.ok(body.equals(Buffer.concat(parts)))
    const digests = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()))
    assert.equal(headers['etag'], `"${md5(digests)}-2"`)
    const small = await begin()
    const smallEtags = [await put(small, 1, parts[1]), await put(small, 2, parts[1])]
    await tools.refuses(complete(small, smallEtags), refusal('EntityTooSmall', 400))
    await minio.abortMultipartUpload(bucket, 'object', small)
    await tools.refuses(put(small, 1, parts[1]), refusal('NoSuchUpload', 404))
  },
})

const presigned: Case = defineCase({
  ...base,
  id: 'object-storage/presigned',
  title: 'a presigned URL lets whoever has it do just that one thing',
  covers: ['GetObject', 'PutObject'],
  async run(tools) {
    const { minio, s3 } = tools.administrator
    const bucket = await makeBucket(tools)
    const put = await tools.fetch(await minio.presignedPutObject(bucket, 'object', 60), {
      method: 'PUT',
      body: 'by fetch',
    })
    assert.equal(put.status, 200, await put.text())
    const url = await minio.presignedGetObject(bucket, 'object', 60)
    assert.equal(await (await tools.fetch(url)).text(), 'by fetch')
    assert.equal((await tools.fetch(url, { method: 'DELETE' })).status, 403)
    assert.equal((await s3({ method: 'GET', path: `/${bucket}/object` })).body.toString(), 'by fetch')
  },
})

export default [kept, replaced, named, ranges, conditions, copies, multipart, presigned]
