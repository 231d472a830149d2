import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { CopyDestinationOptions, CopySourceOptions } from 'minio'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, contentOf, etagOf, expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const copying = area('copying', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, CopyObject',
})

const sourceHeaders = { 'content-type': 'text/x-source', 'cache-control': 'no-store', 'x-amz-meta-colour': 'blue' }
const otherHeaders = { 'content-type': 'text/x-other', 'x-amz-meta-size': 'large' }

/** Copies within one bucket. */
const copy = (bucket: Bucket, from: string, to: string, headers: Record<string, string> = {}) =>
  bucket.ask('PUT', to, { headers: { 'x-amz-copy-source': `/${bucket.name}/${from}`, ...headers } })

export default [
  copying(
    'keeps-metadata',
    'a copy has the metadata of its source, whatever headers the request has, unless it says REPLACE',
    ['CopyObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'bytes', sourceHeaders)
      const ways: Record<string, string>[] = [{}, otherHeaders, { 'x-amz-metadata-directive': 'COPY', ...otherHeaders }]
      for (const headers of ways) {
        const answer = contentOf(await copy(bucket, 'source', 'copy', headers))
        expectSame('the ETag that is told', text(answer, 'ETag'), etagOf('bytes'))
        assert.ok(!Number.isNaN(Date.parse(text(answer, 'LastModified') ?? '')), 'no LastModified is told')
        const head = await bucket.ask('HEAD', 'copy')
        expectHeaders('HEAD copy', head, { ...sourceHeaders, 'x-amz-meta-size': undefined, etag: etagOf('bytes') })
      }
    },
  ),
  copying(
    'replaces-metadata',
    'with REPLACE a copy has the metadata of the request and none of its source; its bytes stay',
    ['CopyObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'bytes', sourceHeaders)
      await copy(bucket, 'source', 'copy', { 'x-amz-metadata-directive': 'REPLACE', ...otherHeaders })
      const got = await bucket.ask('GET', 'copy')
      const gone = { 'cache-control': undefined, 'x-amz-meta-colour': undefined }
      expectHeaders('GET copy', got, { ...otherHeaders, ...gone, etag: etagOf('bytes') })
      expectSame('GET copy', got.body.toString(), 'bytes')
      expectHeaders('HEAD source', await bucket.ask('HEAD', 'source'), sourceHeaders)
    },
    { smoke: true },
  ),
  copying(
    'onto-itself',
    'an object is copied onto itself only to change its metadata',
    ['CopyObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'bytes', sourceHeaders)
      await tools.refuses(copy(bucket, 'object', 'object'), refusal('InvalidRequest', 400))
      await copy(bucket, 'object', 'object', { 'x-amz-metadata-directive': 'REPLACE', ...otherHeaders })
      const got = await bucket.ask('GET', 'object')
      expectHeaders('GET object', got, { ...otherHeaders, 'x-amz-meta-colour': undefined })
      expectSame('GET object', got.body.toString(), 'bytes')
    },
    { source: 'S3 API Reference, CopyObject' },
  ),
  copying(
    'directive-is-copy-or-replace',
    'a metadata directive that does not exist is refused, and nothing is copied',
    ['CopyObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'bytes')
      const merge = copy(bucket, 'source', 'copy', { 'x-amz-metadata-directive': 'MERGE' })
      await tools.refuses(merge, refusal('InvalidArgument', 400))
      await tools.refuses(bucket.read('copy'), refusal('NoSuchKey', 404))
    },
  ),
  copying(
    'is-independent',
    'a copy stays as it is when its source is replaced or deleted, large ones too',
    ['CopyObject', 'GetObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const size of [10, 1_000_000]) {
        const bytes = randomBytes(size)
        await bucket.put('source', bytes)
        await copy(bucket, 'source', 'copy')
        await bucket.put('source', 'replaced')
        assert.ok((await bucket.ask('GET', 'copy')).body.equals(bytes), 'replacing the source changed the copy')
        await bucket.ask('DELETE', 'source')
        assert.ok((await bucket.ask('GET', 'copy')).body.equals(bytes), 'deleting the source changed the copy')
      }
    },
  ),
  copying(
    'source-conditions',
    'a copy is made only if its source is as the request says, and refused with 412 otherwise',
    ['CopyObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { etag = '' } = await bucket.put('source', 'bytes')
      const { 'last-modified': stored = '' } = (await bucket.ask('HEAD', 'source')).headers
      const [longAgo, soon] = [0, Date.now() + 3_600_000].map((time) => new Date(time).toUTCString()) as [
        string,
        string,
      ]
      const held = {
        'if-match': etag,
        'if-none-match': '"other"',
        'if-unmodified-since': soon,
        'if-modified-since': longAgo,
      }
      for (const [name, value] of Object.entries(held)) {
        await copy(bucket, 'source', `held/${name}`, { [`x-amz-copy-source-${name}`]: value })
        expectSame(`a copy with ${name}`, await bucket.read(`held/${name}`), 'bytes')
      }
      const failed = {
        'if-match': '"other"',
        'if-none-match': etag,
        'if-unmodified-since': longAgo,
        'if-modified-since': stored,
      }
      for (const [name, value] of Object.entries(failed)) {
        const attempt = copy(bucket, 'source', `failed/${name}`, { [`x-amz-copy-source-${name}`]: value })
        await tools.refuses(attempt, refusal('PreconditionFailed', 412))
        await tools.refuses(bucket.read(`failed/${name}`), refusal('NoSuchKey', 404))
      }
    },
  ),
  copying(
    'source-that-is-not-there',
    'a copy of what is not there is refused with NoSuchKey or NoSuchBucket, into what is not there with NoSuchBucket',
    ['CopyObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'bytes')
      const absent = tools.name('absent')
      await tools.refuses(copy(bucket, 'absent', 'copy'), refusal('NoSuchKey', 404))
      const elsewhere = copy(bucket, 'source', 'copy', { 'x-amz-copy-source': `/${absent}/source` })
      await tools.refuses(elsewhere, refusal('NoSuchBucket', 404))
      const headers = { 'x-amz-copy-source': `/${bucket.name}/source` }
      await tools.refuses(bucket.read('copy'), refusal('NoSuchKey', 404))
      const into = tools.administrator.s3({ method: 'PUT', path: `/${absent}/copy`, headers })
      await tools.refuses(into, refusal('NoSuchBucket', 404))
    },
  ),
  copying(
    'needs-to-read-the-source',
    'who may not read an object cannot copy it either; who may gets a copy of their own that is private again',
    ['CopyObject', 'PutObjectAcl', 'GetObject'],
    async (tools) => {
      const [mine, theirs] = [await openBucket(tools), await openBucket(tools, tools.user)]
      await mine.put('source', 'bytes')
      const take = () => theirs.ask('PUT', 'copy', { headers: { 'x-amz-copy-source': `${mine.name}/source` } })
      await tools.refuses(take(), refusal('AccessDenied', 403))
      await mine.ask('PUT', 'source?acl', { headers: { 'x-amz-acl': 'public-read' } })
      await take()
      expectSame('GET copy, by who made it', await theirs.read('copy'), 'bytes')
      await tools.refuses(theirs.anonymous.read('copy'), refusal('AccessDenied', 403))
    },
    { needs: ['s3', 'acl', 'two-accounts'] },
  ),
  copying(
    'by-minio',
    'a released client copies an object from one bucket to another, under a name of many scripts',
    ['CopyObject', 'GetObject'],
    async (tools) => {
      const [from, to] = [await openBucket(tools), await openBucket(tools)]
      const key = 'folder/ä ß & 日本'
      const { minio } = tools.administrator
      await minio.putObject(from.name, key, 'bytes', 5, { 'x-amz-meta-colour': 'blue' })
      const source = new CopySourceOptions({ Bucket: from.name, Object: key })
      await minio.copyObject(source, new CopyDestinationOptions({ Bucket: to.name, Object: key }))
      const { size, etag, metaData } = await minio.statObject(to.name, key)
      expectSame('stat of the copy', [size, `"${etag}"`, metaData['colour']], [5, etagOf('bytes'), 'blue'])
      const bytes = await buffer(await minio.getObject(to.name, key))
      expectSame('the bytes of the copy', bytes.toString(), 'bytes')
    },
  ),
]
