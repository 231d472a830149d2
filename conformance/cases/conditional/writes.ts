import assert from 'node:assert/strict'
import { ServiceError } from '../../../src/client/service-error.ts'
import { area } from '../../area.ts'
import { expectSame, openBucket, openVersionedBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, putPart } from '../../upload.ts'

const conditional = area('conditional', {
  needs: ['s3', 'conditional-writes'],
  source:
    'S3 User Guide, Conditional requests; S3 API Reference, PutObject, CopyObject, DeleteObject, CompleteMultipartUpload',
})

const failed = refusal('PreconditionFailed', 412)

export default [
  conditional(
    'put-if-none-is-there',
    'a PUT with If-None-Match: * stores only where nothing is, and never replaces',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const put = (body: string) => bucket.put('object', body, { 'if-none-match': '*' })
      await put('first')
      await tools.refuses(put('second'), failed)
      expectSame('GET object', await bucket.read('object'), 'first')
      await bucket.ask('DELETE', 'object')
      await put('third')
      expectSame('GET object', await bucket.read('object'), 'third')
    },
    { smoke: true },
  ),
  conditional(
    'put-if-it-is-the-same',
    'a PUT with If-Match replaces only the object with that ETag, and nothing that is not there',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const put = (body: string, etag: string) => bucket.put('object', body, { 'if-match': etag })
      await tools.refuses(put('x', '"0123"'), refusal('NoSuchKey', 404))
      const { etag = '' } = await bucket.put('object', 'first')
      await tools.refuses(put('x', '"0123"'), failed)
      await put('second', etag)
      await tools.refuses(put('third', etag), failed)
      expectSame('GET object', await bucket.read('object'), 'second')
    },
  ),
  conditional(
    'one-of-many-is-first',
    'of many PUTs with If-None-Match at the same time just one is taken, and its bytes are there',
    ['PutObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const writers = Array.from({ length: 8 }, (_, index) => `writer ${index}`)
      const puts = writers.map((body) => bucket.put('object', body, { 'if-none-match': '*' }))
      const outcomes = await Promise.allSettled(puts)
      const taken = writers.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue
        const { reason } = outcome
        assert.ok(reason instanceof ServiceError && [409, 412].includes(reason.status), `refused with ${reason}`)
      }
      expectSame('GET object', [await bucket.read('object')], taken)
    },
  ),
  conditional(
    'copy-where-nothing-is',
    'a copy with If-None-Match: * is refused where an object is, and made where none is',
    ['CopyObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'source')
      await bucket.put('taken', 'taken')
      const headers = { 'x-amz-copy-source': `${bucket.name}/source`, 'if-none-match': '*' }
      await tools.refuses(bucket.ask('PUT', 'taken', { headers }), failed)
      expectSame('GET taken', await bucket.read('taken'), 'taken')
      await bucket.ask('PUT', 'free', { headers })
      expectSame('GET free', await bucket.read('free'), 'source')
    },
  ),
  conditional(
    'complete-where-nothing-is',
    'an upload that is completed with If-None-Match: * makes an object where none is, and does not replace what was put meanwhile',
    ['CompleteMultipartUpload'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const id = await beginUpload(bucket, 'object')
      const etag = await putPart(bucket, 'object', id, 1, 'of the upload')
      await bucket.put('object', 'put meanwhile')
      const complete = () => completeUpload(bucket, 'object', id, [[1, etag]], { 'if-none-match': '*' })
      await tools.refuses(complete(), failed)
      expectSame('GET object', await bucket.read('object'), 'put meanwhile')
      const other = await beginUpload(bucket, 'free')
      const part = await putPart(bucket, 'free', other, 1, 'of the upload')
      await completeUpload(bucket, 'free', other, [[1, part]], { 'if-none-match': '*' })
      expectSame('GET free', await bucket.read('free'), 'of the upload')
    },
    { needs: ['s3', 'conditional-writes', 'multipart'] },
  ),
  conditional(
    'delete-if-it-is-the-same',
    'a deletion with If-Match removes only the object with that ETag',
    ['DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { etag = '' } = await bucket.put('object', 'content')
      const remove = (value: string) => bucket.ask('DELETE', 'object', { headers: { 'if-match': value } })
      await tools.refuses(remove('"0123"'), failed)
      expectSame('GET object', await bucket.read('object'), 'content')
      expectSame('DELETE with its ETag', (await remove(etag)).status, 204)
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
    },
  ),
  conditional(
    'a-delete-marker-is-nothing',
    'where a delete marker hides an object, a PUT with If-None-Match: * is taken',
    ['PutObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      await bucket.put('object', 'first')
      await bucket.ask('DELETE', 'object')
      await bucket.put('object', 'second', { 'if-none-match': '*' })
      expectSame('GET object', await bucket.read('object'), 'second')
    },
    { needs: ['s3', 'conditional-writes', 'versioning'] },
  ),
]
