import assert from 'node:assert/strict'
import { field, list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { bucketNamed, contentOf, etagOf, expectSame, openBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const listing = area('listing', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, ListObjects, ListObjectsV2 and ListBuckets',
})

export default [
  listing(
    'rows-tell-of-objects',
    'a row has key, size, ETag, time and storage class; its owner in the first version, and in the second if asked for',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const [owner] = [text(contentOf(await tools.administrator.s3({ method: 'GET', path: '/' })), 'Owner', 'ID')]
      assert.ok(owner, 'ListBuckets tells no owner')
      for (const [query, hasOwner] of [
        ['', true],
        ['?list-type=2', false],
        ['?list-type=2&fetch-owner=true', true],
      ] as const) {
        const page = await bucket.document(query)
        const row = field(page, 'Contents')
        const came = ['Key', 'Size', 'ETag', 'StorageClass'].map((name) => text(row, name))
        expectSame(`list ${query}`, came, ['object', '7', etagOf('content'), 'STANDARD'])
        expectSame(`list ${query}: the owner`, text(row, 'Owner', 'ID'), hasOwner ? owner : undefined)
        expectSame(`list ${query}: the bucket`, text(page, 'Name'), bucket.name)
      }
    },
  ),
  listing(
    'names-can-be-encoded',
    'with encoding-type=url keys, prefixes and delimiters are percent-encoded, so that any key comes through XML',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const key of ['a%01b', 'c%20%26%20d', 'f%C3%A9/e']) {
        // A listing that is not encoded would not tell by which key to remove it.
        tools.later(`object ${key} in ${bucket.name}`, () => bucket.ask('DELETE', key))
        await bucket.put(key, 'x')
      }
      for (const version of ['', 'list-type=2&']) {
        const page = await bucket.document(`?${version}encoding-type=url&delimiter=%2F`)
        const keys = texts(page, 'Contents', 'Key').map((key) => decodeURIComponent((key ?? '').replaceAll('+', ' ')))
        expectSame(`${version}keys`, keys, ['a\u0001b', 'c & d'])
        const prefixes = texts(page, 'CommonPrefixes', 'Prefix').map((prefix) => decodeURIComponent(prefix ?? ''))
        expectSame(`${version}prefixes`, prefixes, ['fé/'])
        expectSame(`${version}type`, text(page, 'EncodingType'), 'url')
        const other = bucket.ask('GET', `?${version}encoding-type=base64`)
        await tools.refuses(other, refusal('InvalidArgument', 400))
      }
    },
  ),
  listing(
    'follows-at-once',
    'what was put, replaced or deleted is listed so by the very next request',
    ['ListObjectsV2', 'PutObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const seen = async () => {
        const page = await bucket.document('?list-type=2')
        return list(page, 'Contents').map((row) => [text(row, 'Key'), text(row, 'Size')])
      }
      for (let round = 0; round < 5; round += 1) {
        await bucket.put('object', 'one')
        expectSame('after PUT', await seen(), [['object', '3']])
        await bucket.put('object', 'second')
        expectSame('after another PUT', await seen(), [['object', '6']])
        await bucket.ask('DELETE', 'object')
        expectSame('after DELETE', await seen(), [])
      }
    },
    { source: 'S3 User Guide, Amazon S3 data consistency model' },
  ),
  listing(
    'a-bucket-that-is-not-there',
    'a listing of a bucket that is not there is refused with NoSuchBucket',
    ['ListObjects', 'ListObjectsV2', 'ListObjectVersions', 'ListMultipartUploads'],
    async (tools) => {
      const absent = bucketNamed(tools.name('absent'), tools.administrator)
      for (const query of ['', '?list-type=2', '?versions', '?uploads']) {
        await tools.refuses(absent.ask('GET', query), refusal('NoSuchBucket', 404))
      }
    },
  ),
  listing(
    'buckets-of-the-account',
    'the buckets of an account are listed with the time of their making',
    ['ListBuckets'],
    async (tools) => {
      const made = [await openBucket(tools), await openBucket(tools)].map(({ name }) => name)
      const buckets = await tools.administrator.minio.listBuckets()
      const names = buckets.map(({ name }) => name)
      for (const name of made) assert.ok(names.includes(name), `${name} is not among the buckets ${names.join(', ')}`)
      const ages = buckets
        .filter(({ name }) => made.includes(name))
        .map((one) => Date.now() - one.creationDate.getTime())
      assert.ok(
        ages.every((age) => Math.abs(age) < 300_000),
        `made just now, but ${ages.join(' and ')} ms ago by the listing`,
      )
    },
  ),
  listing(
    'buckets-in-order',
    'the buckets of an account are listed in order of their names',
    ['ListBuckets'],
    async (tools) => {
      const made = [await openBucket(tools), await openBucket(tools)].map(({ name }) => name)
      const names = (await tools.administrator.minio.listBuckets()).map(({ name }) => name)
      expectSame('the order', names, names.toSorted())
      expectSame('those that were made', names.filter((name) => made.includes(name)).length, 2)
    },
    { level: 'SHOULD', source: 'S3 API Reference, ListBuckets (its examples; no order is promised)' },
  ),
]
