import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { contentOf, etagOf, expectSame, openBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, leastPart, putPart } from '../../upload.ts'

const multipart = area('multipart', {
  needs: ['s3', 'multipart'],
  source: 'eucalyptus-behaviour.md section 10.1; S3 API Reference, ListParts, ListMultipartUploads and UploadPartCopy',
})

export default [
  multipart(
    'parts-are-listed',
    'the parts of an upload are listed with number, size and ETag, in pages as small as is asked for',
    ['ListParts', 'UploadPart'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      for (const number of [9, 1, 30, 4, 2]) await putPart(bucket, 'object', id, number, `part ${number}`)
      const page = (query: string) => bucket.document(`object?uploadId=${id}${query}`)
      const all = await page('')
      expectSame('the numbers', texts(all, 'Part', 'PartNumber'), ['1', '2', '4', '9', '30'])
      expectSame('the sizes', texts(all, 'Part', 'Size'), ['6', '6', '6', '6', '7'])
      expectSame(
        'the ETags',
        texts(all, 'Part', 'ETag'),
        [1, 2, 4, 9, 30].map((number) => etagOf(`part ${number}`)),
      )
      expectSame('IsTruncated', text(all, 'IsTruncated'), 'false')
      const first = await page('&max-parts=2')
      const told = ['IsTruncated', 'NextPartNumberMarker', 'MaxParts'].map((name) => text(first, name))
      expectSame(
        'two parts',
        [texts(first, 'Part', 'PartNumber'), told],
        [
          ['1', '2'],
          ['true', '2', '2'],
        ],
      )
      const second = await page('&max-parts=2&part-number-marker=2')
      expectSame('the next two', texts(second, 'Part', 'PartNumber'), ['4', '9'])
      const last = await page('&max-parts=2&part-number-marker=9')
      expectSame('the rest', [texts(last, 'Part', 'PartNumber'), text(last, 'IsTruncated')], [['30'], 'false'])
    },
  ),
  multipart(
    'uploads-are-listed',
    'the uploads of a bucket that go on are listed by key, by prefix, in folders and in pages; no others',
    ['ListMultipartUploads', 'CreateMultipartUpload', 'AbortMultipartUpload', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const ids = new Map<string, string>()
      for (const key of ['a', 'b/1', 'b/2', 'c', 'd']) ids.set(key, await beginUpload(bucket, key))
      const done = ids.get('a') ?? ''
      await completeUpload(bucket, 'a', done, [[1, await putPart(bucket, 'a', done, 1, 'x')]])
      await bucket.ask('DELETE', `c?uploadId=${ids.get('c')}`)
      const all = await bucket.document('?uploads')
      expectSame('the keys', texts(all, 'Upload', 'Key'), ['b/1', 'b/2', 'd'])
      expectSame(
        'the ids',
        texts(all, 'Upload', 'UploadId'),
        ['b/1', 'b/2', 'd'].map((key) => ids.get(key)),
      )
      const below = await bucket.document('?uploads&prefix=b')
      expectSame('with a prefix', texts(below, 'Upload', 'Key'), ['b/1', 'b/2'])
      const folders = await bucket.document('?uploads&delimiter=%2F')
      const came = [texts(folders, 'Upload', 'Key'), texts(folders, 'CommonPrefixes', 'Prefix')]
      expectSame('in folders', came, [['d'], ['b/']])
      const first = await bucket.document('?uploads&max-uploads=2')
      expectSame('two', [texts(first, 'Upload', 'Key'), text(first, 'IsTruncated')], [['b/1', 'b/2'], 'true'])
      const [key, id] = [text(first, 'NextKeyMarker') ?? '', text(first, 'NextUploadIdMarker') ?? '']
      const markers = `key-marker=${encodeURIComponent(key)}&upload-id-marker=${encodeURIComponent(id)}`
      const rest = await bucket.document(`?uploads&max-uploads=2&${markers}`)
      expectSame('the rest', [texts(rest, 'Upload', 'Key'), text(rest, 'IsTruncated')], [['d'], 'false'])
    },
  ),
  multipart(
    'two-uploads-of-one-key',
    'two uploads under one key go on beside each other; the one that is completed last stays, in AWS one that began after',
    ['CreateMultipartUpload', 'CompleteMultipartUpload', 'ListMultipartUploads'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const [one, two] = [await beginUpload(bucket, 'object'), await beginUpload(bucket, 'object')]
      assert.notEqual(one, two, 'two uploads have one id')
      const [ofOne, ofTwo] = [
        await putPart(bucket, 'object', one, 1, 'of one'),
        await putPart(bucket, 'object', two, 1, 'of two'),
      ]
      const listed = texts(await bucket.document('?uploads'), 'Upload', 'UploadId')
      expectSame('the uploads', listed.sort(), [one, two].sort())
      await completeUpload(bucket, 'object', two, [[1, ofTwo]])
      expectSame('GET object', await bucket.read('object'), 'of two')
      const third = await beginUpload(bucket, 'object')
      const ofThird = await putPart(bucket, 'object', third, 1, 'of the third')
      await completeUpload(bucket, 'object', one, [[1, ofOne]])
      const now = await bucket.read('object')
      // In AWS what began last may count more than what ended last (S3 User Guide, Concurrent multipart upload operations).
      const good = tools.of({ eucalyptus: ['of one'], aws: ['of one', 'of two'] })
      expectSame('GET object', good.includes(now) || now, true)
      await completeUpload(bucket, 'object', third, [[1, ofThird]])
      expectSame('GET object', await bucket.read('object'), 'of the third')
    },
  ),
  multipart(
    'parts-by-copy',
    'a part can be copied from an object, whole or a range of it; a range that is not there is refused',
    ['UploadPartCopy', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const bytes = randomBytes(leastPart + 100)
      await bucket.put('source', bytes)
      const id = await beginUpload(bucket, 'object')
      const copy = (number: number, source: string, range?: string) => {
        const headers = { 'x-amz-copy-source': `/${bucket.name}/${source}` }
        const ranged = range === undefined ? headers : { ...headers, 'x-amz-copy-source-range': range }
        return bucket.ask('PUT', `object?partNumber=${number}&uploadId=${id}`, { headers: ranged })
      }
      const whole = text(contentOf(await copy(1, 'source')), 'ETag') ?? ''
      expectSame('the ETag of the whole', whole, etagOf(bytes))
      const range = text(contentOf(await copy(2, 'source', 'bytes=10-19')), 'ETag') ?? ''
      expectSame('the ETag of the range', range, etagOf(bytes.subarray(10, 20)))
      const behind = (await copy(3, 'source', `bytes=0-${bytes.length}`).catch((error) => error)).status
      assert.ok(behind === 400 || behind === 416, `a range behind the end is answered with ${behind}`)
      await tools.refuses(copy(3, 'absent'), refusal('NoSuchKey', 404))
      await completeUpload(bucket, 'object', id, [
        [1, whole],
        [2, range],
      ])
      const { body } = await bucket.ask('GET', 'object')
      assert.ok(body.equals(Buffer.concat([bytes, bytes.subarray(10, 20)])), 'the object has other bytes')
    },
    { seconds: 3 },
  ),
  multipart(
    'of-another-account',
    'another account can neither begin an upload in a private bucket nor add to, see, complete or abort one',
    ['CreateMultipartUpload', 'UploadPart', 'ListParts', 'AbortMultipartUpload', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const etag = await putPart(bucket, 'object', id, 1, 'content')
      const denied = refusal('AccessDenied', 403)
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(beginUpload(others, 'object'), denied)
        await tools.refuses(putPart(others, 'object', id, 1, 'theirs'), denied)
        await tools.refuses(others.document(`object?uploadId=${id}`), denied)
        await tools.refuses(others.document('?uploads'), denied)
        await tools.refuses(others.ask('DELETE', `object?uploadId=${id}`), denied)
        await tools.refuses(completeUpload(others, 'object', id, [[1, etag]]), denied)
      }
      await completeUpload(bucket, 'object', id, [[1, etag]])
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { needs: ['s3', 'multipart', 'two-accounts'] },
  ),
  multipart(
    'ids-that-name-no-upload',
    'an id that was never given, or that of an upload under another key, names no upload',
    ['UploadPart', 'ListParts', 'AbortMultipartUpload', 'CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const gone = refusal('NoSuchUpload', 404)
      for (const [key, name] of [
        ['object', 'invented'],
        ['another', id],
      ] as const) {
        await tools.refuses(putPart(bucket, key, name, 1, 'x'), gone)
        await tools.refuses(bucket.document(`${key}?uploadId=${name}`), gone)
        await tools.refuses(bucket.ask('DELETE', `${key}?uploadId=${name}`), gone)
        await tools.refuses(completeUpload(bucket, key, name, [[1, etagOf('x')]]), gone)
      }
      await completeUpload(bucket, 'object', id, [[1, await putPart(bucket, 'object', id, 1, 'x')]])
      expectSame('the keys', texts(await bucket.document('?list-type=2'), 'Contents', 'Key'), ['object'])
    },
  ),
]
