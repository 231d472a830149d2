import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { expectHeaders, expectSame, openVersionedBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const versioning = area('versioning', {
  needs: ['s3', 'versioning'],
  source: 'eucalyptus-behaviour.md section 10.1; S3 API Reference, ListObjectVersions, DeleteBucket and CopyObject',
})

const idsOf = (page: Xml) =>
  [...list(page, 'Version'), ...list(page, 'DeleteMarker')].map(
    (row) => `${text(row, 'Key')} ${text(row, 'VersionId')}`,
  )

export default [
  versioning(
    'listed-newest-first',
    'versions are listed by key and from the newest on, and just one of each key is the latest',
    ['ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      for (const body of ['1', '22', '333']) for (const key of ['b', 'a', 'c']) await bucket.put(key, body)
      const rows = await bucket.document('?versions')
      expectSame('the keys', texts(rows, 'Version', 'Key'), ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'])
      expectSame('the sizes', texts(rows, 'Version', 'Size'), ['3', '2', '1', '3', '2', '1', '3', '2', '1'])
      const latest = texts(rows, 'Version', 'IsLatest')
      expectSame('the latest', latest, Array(3).fill(['true', 'false', 'false']).flat())
      const below = await bucket.document('?versions&prefix=b')
      expectSame('with a prefix', texts(below, 'Version', 'Key'), ['b', 'b', 'b'])
    },
  ),
  versioning(
    'listed-in-pages',
    'in pages of any size every version and every marker comes once',
    ['ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      for (const key of ['a', 'b', 'c']) for (const body of ['1', '2']) await bucket.put(key, body)
      await bucket.ask('DELETE', 'b')
      const all = idsOf(await bucket.document('?versions')).sort()
      expectSame('how many', all.length, 7)
      for (const size of [1, 2, 3, 7]) {
        const came: string[] = []
        for (let next: string | undefined = ''; next !== undefined; ) {
          const page: Xml = await bucket.document(`?versions&max-keys=${size}${next}`)
          assert.ok(idsOf(page).length <= size && came.length <= 7, `${size} a page: ${idsOf(page).length} rows`)
          came.push(...idsOf(page))
          const [key, id] = ['NextKeyMarker', 'NextVersionIdMarker'].map((name) => text(page, name) ?? '')
          const marker = `key-marker=${encodeURIComponent(key ?? '')}&version-id-marker=${encodeURIComponent(id ?? '')}`
          next = text(page, 'IsTruncated') === 'true' ? `&${marker}` : undefined
        }
        expectSame(`${size} a page`, came.sort(), all)
      }
    },
    { seconds: 2 },
  ),
  versioning(
    'a-bucket-of-versions-is-not-empty',
    'a bucket whose objects are only hidden by delete markers cannot be deleted',
    ['DeleteBucket', 'DeleteObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      await bucket.put('object', 'content')
      await bucket.ask('DELETE', 'object')
      await tools.refuses(bucket.ask('DELETE'), refusal('BucketNotEmpty', 409))
      expectSame('the versions', texts(await bucket.document('?versions'), 'Version', 'Key'), ['object'])
    },
  ),
  versioning(
    'an-old-version-is-brought-back-by-a-copy',
    'a copy of an old version onto its key makes that content the newest, with its metadata',
    ['CopyObject', 'GetObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const { 'x-amz-version-id': old } = await bucket.put('object', 'old', { 'x-amz-meta-colour': 'blue' })
      await bucket.put('object', 'new', { 'x-amz-meta-colour': 'red' })
      const headers = { 'x-amz-copy-source': `/${bucket.name}/object?versionId=${old}` }
      const answer = await bucket.ask('PUT', 'object', { headers })
      expectHeaders('the copy', answer, { 'x-amz-copy-source-version-id': old })
      const got = await bucket.ask('GET', 'object')
      expectSame('GET object', [got.body.toString(), got.headers['x-amz-meta-colour']], ['old', 'blue'])
      expectSame('how many versions', list(await bucket.document('?versions'), 'Version').length, 3)
    },
  ),
  versioning(
    'acl-of-a-version',
    'each version has an ACL of its own, which is read and changed by its id',
    ['PutObjectAcl', 'GetObjectAcl', 'GetObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const { 'x-amz-version-id': old } = await bucket.put('object', 'old')
      const { 'x-amz-version-id': current } = await bucket.put('object', 'new')
      await bucket.ask('PUT', `object?acl&versionId=${old}`, { headers: { 'x-amz-acl': 'public-read' } })
      const read = (id?: string) => bucket.anonymous.read(`object?versionId=${id}`)
      expectSame('the old version, by nobody', await read(old), 'old')
      await tools.refuses(read(current), refusal('AccessDenied', 403))
      const grants = async (id?: string) =>
        list(await bucket.document(`object?acl&versionId=${id}`), 'AccessControlList', 'Grant').length
      expectSame('how many grants', [await grants(old), await grants(current)], [2, 1])
    },
    { needs: ['s3', 'versioning', 'acl'] },
  ),
]
