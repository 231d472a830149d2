import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import {
  contentMd5,
  contentOf,
  etagOf,
  expectHeaders,
  expectSame,
  expectStatus,
  openBucket,
  texts,
} from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, leastPart, putPart } from '../../upload.ts'

const multipart = area('multipart', {
  needs: ['s3', 'multipart'],
  source:
    'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, CreateMultipartUpload, UploadPart and CompleteMultipartUpload',
  seconds: 2,
})

const digest = (bytes: Buffer) => createHash('md5').update(bytes).digest()

/** The ETag of an object in parts: the MD5 of the parts' MD5s, and how many there are. */
const etagOfParts = (...parts: readonly Buffer[]) =>
  `"${digest(Buffer.concat(parts.map(digest))).toString('hex')}-${parts.length}"`

/** All ways to send pieces one after the other as parts, some of them together: the client takes what it has read so far. */
function inPartsOf([first, ...others]: readonly Buffer[]): Buffer[][] {
  if (!first) return [[]]
  return inPartsOf(others).flatMap((rest) => {
    const [next, ...more] = rest
    return next
      ? [
          [first, ...rest],
          [Buffer.concat([first, next]), ...more],
        ]
      : [[first]]
  })
}

export default [
  multipart(
    'by-minio',
    'what a released client uploads in parts by itself comes back whole, with the ETag of its parts',
    ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'GetObject', 'HeadObject'],
    async (tools) => {
      const { minio } = tools.administrator
      // It would send as little as this by one PUT.
      minio.partSize = leastPart
      const bucket = await openBucket(tools)
      const parts = [leastPart, leastPart, 1234].map((size) => randomBytes(size))
      const { etag } = await minio.putObject(bucket.name, 'object', Readable.from(parts), leastPart * 2 + 1234, {
        'content-type': 'application/x-case',
        'x-amz-meta-colour': 'blue',
      })
      const { size, metaData, etag: kept } = await minio.statObject(bucket.name, 'object')
      expectSame('its size', size, leastPart * 2 + 1234)
      const plain = (quoted: string) => quoted.replaceAll('"', '')
      const possible = inPartsOf(parts).map((uploaded) => plain(etagOfParts(...uploaded)))
      expectSame('its ETag is that of parts', possible.includes(plain(etag)) || etag, true)
      expectSame('the ETag that is kept', plain(kept), plain(etag))
      expectSame('its headers', [metaData['content-type'], metaData['colour']], ['application/x-case', 'blue'])
      const got = await buffer(await minio.getObject(bucket.name, 'object'))
      assert.ok(got.equals(Buffer.concat(parts)), 'other bytes came back')
    },
    { seconds: 4, smoke: true },
  ),
  multipart(
    'parts-in-order-of-their-numbers',
    'the object has its parts in the order of their numbers, whichever came first, and is completed in no other order',
    ['UploadPart', 'CompleteMultipartUpload', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const [first, second, last] = [randomBytes(leastPart), randomBytes(leastPart + 1), randomBytes(7)] as const
      const ofLast = await putPart(bucket, 'object', id, 900, last)
      const ofSecond = await putPart(bucket, 'object', id, 20, second)
      const ofFirst = await putPart(bucket, 'object', id, 3, first)
      const parts = [3, 20, 900].map((number, index) => [number, [ofFirst, ofSecond, ofLast][index] ?? ''] as const)
      const [one, two, three] = parts
      const disordered = [two, one, three].flatMap((part) => (part ? [part] : []))
      await tools.refuses(completeUpload(bucket, 'object', id, disordered), refusal('InvalidPartOrder', 400))
      const answer = contentOf(await completeUpload(bucket, 'object', id, parts))
      const etag = etagOfParts(first, second, last)
      expectSame('the ETag that is told', text(answer, 'ETag'), etag)
      expectSame('bucket and key that are told', [text(answer, 'Bucket'), text(answer, 'Key')], [bucket.name, 'object'])
      const got = await bucket.ask('GET', 'object')
      assert.ok(got.body.equals(Buffer.concat([first, second, last])), 'the bytes are not the parts in their order')
      expectHeaders('GET object', got, { etag })
      const [across, range] = [`bytes=${leastPart - 3}-${leastPart + 3}`, { start: leastPart - 3, end: leastPart + 4 }]
      const part = await bucket.ask('GET', 'object', { headers: { range: across } })
      const expected = Buffer.concat([first, second]).subarray(range.start, range.end)
      assert.ok(part.body.equals(expected), 'a range across the end of a part has other bytes')
    },
    { seconds: 3 },
  ),
  multipart(
    'a-part-can-be-replaced',
    'a part that comes again under its number replaces the one before, whose ETag is no longer taken',
    ['UploadPart', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const first = await putPart(bucket, 'object', id, 1, 'first')
      const second = await putPart(bucket, 'object', id, 1, 'second')
      await tools.refuses(completeUpload(bucket, 'object', id, [[1, first]]), refusal('InvalidPart', 400))
      await completeUpload(bucket, 'object', id, [[1, second]])
      expectSame('GET object', await bucket.read('object'), 'second')
    },
  ),
  multipart(
    'lists-that-cannot-be-completed',
    'parts that are not there, with another ETag, or none are refused, and the upload goes on',
    ['CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const [one, two] = [await putPart(bucket, 'object', id, 1, 'one'), await putPart(bucket, 'object', id, 2, 'two')]
      const complete = (...parts: [number, string][]) => completeUpload(bucket, 'object', id, parts)
      await tools.refuses(complete([3, one]), refusal('InvalidPart', 400))
      await tools.refuses(complete([1, two]), refusal('InvalidPart', 400))
      await tools.refuses(complete([1, etagOf('other')]), refusal('InvalidPart', 400))
      await expectStatus(complete(), 400)
      const nonsense = bucket.ask('POST', `object?uploadId=${id}`, { body: '<Complete' })
      await tools.refuses(nonsense, refusal('MalformedXML', 400))
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await complete([2, two])
      expectSame('GET object', await bucket.read('object'), 'two')
    },
  ),
  multipart(
    'parts-have-a-least-size',
    'every part but the last has five mebibytes at least: a byte less is refused, and the upload goes on',
    ['CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const last = await putPart(bucket, 'object', id, 2, 'x')
      const small = await putPart(bucket, 'object', id, 1, randomBytes(leastPart - 1))
      const complete = (first: string) =>
        completeUpload(bucket, 'object', id, [
          [1, first],
          [2, last],
        ])
      await tools.refuses(complete(small), refusal('EntityTooSmall', 400))
      await complete(await putPart(bucket, 'object', id, 1, randomBytes(leastPart)))
      expectHeaders('HEAD', await bucket.ask('HEAD', 'object'), { 'content-length': String(leastPart + 1) })
    },
    { seconds: 3 },
  ),
  multipart(
    'part-numbers',
    'parts are numbered from 1 to 10,000; any other number is refused',
    ['UploadPart'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      for (const number of [0, 10_001, -1]) {
        await tools.refuses(putPart(bucket, 'object', id, number, 'x'), refusal('InvalidArgument', 400))
      }
      await putPart(bucket, 'object', id, 1, 'x')
      await putPart(bucket, 'object', id, 10_000, 'y')
      const numbers = texts(await bucket.document(`object?uploadId=${id}`), 'Part', 'PartNumber')
      expectSame('the parts', numbers, ['1', '10000'])
    },
  ),
  multipart(
    'aborted',
    'an upload that is aborted is gone with its parts: nothing can be added, listed, completed or aborted again',
    ['AbortMultipartUpload', 'ListParts', 'ListMultipartUploads', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const etag = await putPart(bucket, 'object', id, 1, 'x')
      expectSame('DELETE of the upload', (await bucket.ask('DELETE', `object?uploadId=${id}`)).status, 204)
      const gone = refusal('NoSuchUpload', 404)
      await tools.refuses(putPart(bucket, 'object', id, 2, 'y'), gone)
      await tools.refuses(bucket.document(`object?uploadId=${id}`), gone)
      await tools.refuses(completeUpload(bucket, 'object', id, [[1, etag]]), gone)
      await tools.refuses(bucket.ask('DELETE', `object?uploadId=${id}`), gone)
      expectSame('the uploads', list(await bucket.document('?uploads'), 'Upload'), [])
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
    },
    { smoke: true },
  ),
  multipart(
    'nothing-is-there-before',
    'until it is completed an upload shows in no listing of objects and hides nothing that is there',
    ['CreateMultipartUpload', 'GetObject', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'before', { 'x-amz-meta-colour': 'red' })
      const id = await beginUpload(bucket, 'object', { 'x-amz-meta-colour': 'blue' })
      const etag = await putPart(bucket, 'object', id, 1, 'after')
      const got = await bucket.ask('GET', 'object')
      expectSame('GET before', [got.body.toString(), got.headers['x-amz-meta-colour']], ['before', 'red'])
      await completeUpload(bucket, 'object', id, [[1, etag]])
      const then = await bucket.ask('GET', 'object')
      expectSame('GET after', [then.body.toString(), then.headers['x-amz-meta-colour']], ['after', 'blue'])
      expectSame('the listing', texts(await bucket.document('?list-type=2'), 'Contents', 'Key'), ['object'])
    },
  ),
  multipart(
    'what-the-beginning-says',
    'type, metadata and ACL of the object are those with which the upload was begun',
    ['CreateMultipartUpload', 'CompleteMultipartUpload', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const headers = { 'content-type': 'text/x-case', 'cache-control': 'no-cache', 'x-amz-meta-colour': 'blue' }
      const id = await beginUpload(bucket, 'object', { ...headers, 'x-amz-acl': 'public-read' })
      await completeUpload(bucket, 'object', id, [[1, await putPart(bucket, 'object', id, 1, 'content')]])
      expectHeaders('HEAD object', await bucket.ask('HEAD', 'object'), headers)
      expectSame('GET object, by nobody', await bucket.anonymous.read('object'), 'content')
    },
    { needs: ['s3', 'multipart', 'acl'] },
  ),
  multipart(
    'digests-of-parts',
    'a part that is not what its Content-MD5 says is refused and not kept',
    ['UploadPart', 'ListParts'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const put = (md5: string) => putPart(bucket, 'object', id, 1, 'content', { 'content-md5': md5 })
      await tools.refuses(put(contentMd5('other')), refusal('BadDigest', 400))
      expectSame('the parts', list(await bucket.document(`object?uploadId=${id}`), 'Part'), [])
      expectSame('the ETag of the part', await put(contentMd5('content')), etagOf('content'))
    },
  ),
]
