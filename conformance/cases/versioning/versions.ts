import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import {
  type Bucket,
  expectHeaders,
  expectSame,
  keepVersions,
  openBucket,
  openVersionedBucket,
  settled,
  texts,
  versioningOf,
} from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload, completeUpload, putPart } from '../../upload.ts'

const versioning = area('versioning', {
  needs: ['s3', 'versioning'],
  source:
    'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 User Guide, Retaining multiple versions of objects with S3 Versioning',
})

/** Puts an object and gives the id of its version. */
async function putVersion(bucket: Bucket, key: string, body: string, headers: Record<string, string> = {}) {
  const id = (await bucket.put(key, body, headers))['x-amz-version-id']
  assert.ok(id, `PUT ${key} told no x-amz-version-id`)
  return id
}

const noSuchKey = refusal('NoSuchKey', 404)

export default [
  versioning(
    'status',
    'a bucket has no versioning until it is enabled, can suspend it, and takes no other state',
    ['PutBucketVersioning', 'GetBucketVersioning'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const put = (body: string) => bucket.ask('PUT', '?versioning', { body })
      const status = async () => text(await bucket.document('?versioning'), 'Status')
      expectSame('at first', await status(), undefined)
      for (const state of ['Enabled', 'Suspended', 'Enabled']) {
        await put(versioningOf(state))
        await settled(tools, async () => expectSame(`after ${state}`, await status(), state))
      }
      const illegal = refusal('IllegalVersioningConfigurationException', 400)
      const other = { eucalyptus: illegal, aws: refusal('MalformedXML', 400) }
      await tools.refuses(put(versioningOf('Off')), other)
      await tools.refuses(put('<VersioningConfiguration/>'), illegal)
      await tools.refuses(put('<Versioning'), refusal('MalformedXML', 400))
      expectSame('after those', await status(), 'Enabled')
    },
    { source: 'S3 API Reference, PutBucketVersioning and GetBucketVersioning; eucalyptus-behaviour.md section 10.1' },
  ),
  versioning(
    'versions-are-kept',
    'each PUT makes a version of its own: all can be read by their ids, and without one the newest comes',
    ['PutObject', 'GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const bodies = ['first', 'second', 'third']
      const ids: string[] = []
      for (const body of bodies) ids.push(await putVersion(bucket, 'object', body, { 'x-amz-meta-body': body }))
      expectSame('how many ids', new Set(ids).size, 3)
      for (const [index, body] of bodies.entries()) {
        const asked = `object?versionId=${ids[index]}`
        const got = await bucket.ask('GET', asked)
        expectSame(`GET ${asked}`, got.body.toString(), body)
        const headers = { 'x-amz-version-id': ids[index], 'x-amz-meta-body': body }
        expectHeaders(`GET ${asked}`, got, headers)
        expectHeaders(`HEAD ${asked}`, await bucket.ask('HEAD', asked), headers)
      }
      expectSame('GET object', await bucket.read('object'), 'third')
    },
    { smoke: true },
  ),
  versioning(
    'a-delete-marker-hides',
    'a deletion leaves a marker that hides the object but keeps its versions; removing the marker brings it back',
    ['DeleteObject', 'GetObject', 'ListObjectsV2', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const version = await putVersion(bucket, 'object', 'content')
      const { headers } = await bucket.ask('DELETE', 'object')
      const marker = headers['x-amz-version-id'] ?? ''
      expectHeaders('DELETE object', { headers }, { 'x-amz-delete-marker': 'true' })
      assert.ok(marker && marker !== version, `the marker has the id "${marker}", the version "${version}"`)
      await tools.refuses(bucket.read('object'), noSuchKey)
      await tools.refuses(bucket.ask('HEAD', 'object'), refusal('HTTP 404', 404))
      expectSame('the listing', list(await bucket.document('?list-type=2'), 'Contents'), [])
      expectSame('GET of the version', await bucket.read(`object?versionId=${version}`), 'content')
      const rows = await bucket.document('?versions')
      const came = [texts(rows, 'DeleteMarker', 'VersionId'), texts(rows, 'DeleteMarker', 'IsLatest')]
      expectSame('the markers', came, [[marker], ['true']])
      expectSame('the versions', texts(rows, 'Version', 'IsLatest'), ['false'])
      const removed = await bucket.ask('DELETE', `object?versionId=${marker}`)
      expectHeaders('DELETE of the marker', removed, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker })
      expectSame('GET object', await bucket.read('object'), 'content')
    },
    { smoke: true },
  ),
  versioning(
    'a-version-is-removed-by-its-id',
    'a deletion that names a version removes just that one, for good, and the one before it shows',
    ['DeleteObject', 'GetObject', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const ids: string[] = []
      for (const body of ['first', 'second', 'third']) ids.push(await putVersion(bucket, 'object', body))
      const [first, second, third] = ids
      const left = async () => texts(await bucket.document('?versions'), 'Version', 'VersionId')
      expectHeaders('DELETE', await bucket.ask('DELETE', `object?versionId=${third}`), { 'x-amz-version-id': third })
      expectSame('the versions left', await left(), [second, first])
      expectSame('GET object', await bucket.read('object'), 'second')
      await bucket.ask('DELETE', `object?versionId=${first}`)
      expectSame('the versions left', await left(), [second])
      expectSame('GET object', await bucket.read('object'), 'second')
      const gone = { eucalyptus: noSuchKey, aws: refusal('NoSuchVersion', 404) }
      await tools.refuses(bucket.read(`object?versionId=${first}`), gone)
      await bucket.ask('DELETE', `object?versionId=${second}`)
      await tools.refuses(bucket.read('object'), noSuchKey)
    },
  ),
  versioning(
    'a-marker-cannot-be-read',
    'a delete marker that is asked for by its id has nothing to read',
    ['GetObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      await putVersion(bucket, 'object', 'content')
      const marker = (await bucket.ask('DELETE', 'object')).headers['x-amz-version-id']
      assert.ok(marker, 'DELETE told no x-amz-version-id')
      const expected = { eucalyptus: noSuchKey, aws: refusal('MethodNotAllowed', 405) }
      await tools.refuses(bucket.read(`object?versionId=${marker}`), expected)
    },
    {
      source:
        'S3 API Reference, GetObject; S3 User Guide, Working with delete markers; eucalyptus-behaviour.md section 1.6',
    },
  ),
  versioning(
    'what-was-there-before',
    'an object from before versioning is the version called null, and is kept when another comes',
    ['PutBucketVersioning', 'GetObject', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const { 'x-amz-version-id': none } = await bucket.put('object', 'before')
      expectSame('the version of a PUT without versioning', none, undefined)
      await keepVersions(tools, bucket)
      const id = await putVersion(bucket, 'object', 'after')
      const rows = await bucket.document('?versions')
      expectSame('the versions', texts(rows, 'Version', 'VersionId'), [id, 'null'])
      expectSame('GET of null', await bucket.read('object?versionId=null'), 'before')
      expectSame('GET object', await bucket.read('object'), 'after')
    },
  ),
  versioning(
    'suspended',
    'while versioning is suspended a PUT replaces the null version and nothing else',
    ['PutBucketVersioning', 'PutObject', 'DeleteObject', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const id = await putVersion(bucket, 'object', 'kept')
      await bucket.ask('PUT', '?versioning', { body: versioningOf('Suspended') })
      await settled(tools, async () => {
        expectSame('GET ?versioning', text(await bucket.document('?versioning'), 'Status'), 'Suspended')
      })
      for (const body of ['once', 'again']) await bucket.put('object', body)
      const rows = await bucket.document('?versions')
      expectSame('the versions', texts(rows, 'Version', 'VersionId'), ['null', id])
      expectSame('GET object', await bucket.read('object'), 'again')
      await bucket.ask('DELETE', 'object')
      const then = await bucket.document('?versions')
      expectSame('the versions', texts(then, 'Version', 'VersionId'), [id])
      expectSame('the markers', texts(then, 'DeleteMarker', 'VersionId'), ['null'])
      await tools.refuses(bucket.read('object'), noSuchKey)
      expectSame('GET of the kept version', await bucket.read(`object?versionId=${id}`), 'kept')
    },
  ),
  versioning(
    'ids-that-name-no-version',
    'an id that names no version of the object reads nothing and removes nothing',
    ['GetObject', 'HeadObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const own = await putVersion(bucket, 'object', 'content')
      const other = await putVersion(bucket, 'other', 'of another')
      const expected = { eucalyptus: noSuchKey, aws: refusal('NoSuchVersion', 404) }
      await tools.refuses(bucket.read(`object?versionId=${other}`), expected)
      await tools.refuses(bucket.ask('HEAD', `object?versionId=${other}`), refusal('HTTP 404', 404))
      // Whether to remove nothing is a fault is told nowhere.
      const removal = await bucket.ask('DELETE', `object?versionId=${other}`).catch((error) => error)
      expectSame('DELETE of no version', [204, 400, 404].includes(removal.status) || removal, true)
      const rows = await bucket.document('?versions')
      expectSame('the versions', texts(rows, 'Version', 'VersionId'), [own, other])
      expectSame('the markers', list(rows, 'DeleteMarker'), [])
      expectSame('GET object', await bucket.read('object'), 'content')
    },
  ),
  versioning(
    'of-uploads-in-parts',
    'an upload in parts makes a version when it is completed, and hides nothing before',
    ['CreateMultipartUpload', 'CompleteMultipartUpload', 'ListObjectVersions', 'GetObject'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const first = await putVersion(bucket, 'object', 'first')
      const id = await beginUpload(bucket, 'object')
      const part = await putPart(bucket, 'object', id, 1, 'second')
      expectSame('GET object, before the upload is completed', await bucket.read('object'), 'first')
      const before = await bucket.document('?versions')
      const told = [texts(before, 'Version', 'VersionId'), texts(before, 'Version', 'IsLatest')]
      expectSame(
        'the versions before, and the latest',
        [...told, list(before, 'DeleteMarker')],
        [[first], ['true'], []],
      )
      await completeUpload(bucket, 'object', id, [[1, part]])
      const versions = texts(await bucket.document('?versions'), 'Version', 'VersionId')
      expectSame('the versions', [versions.length, versions[1]], [2, first])
      expectSame('GET object', await bucket.read('object'), 'second')
      expectSame('GET of the first', await bucket.read(`object?versionId=${first}`), 'first')
    },
    { needs: ['s3', 'versioning', 'multipart'] },
  ),
]
