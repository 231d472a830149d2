import assert from 'node:assert/strict'
import { list, readXml, text } from '../../../src/client/xml.ts'
import { settled } from '../../bucket.ts'
import { creationOf, makeBucket, refusesBucket } from '../../buckets.ts'
import { type Case, defineCase } from '../../case.ts'
import type { Clients } from '../../clients.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.6 and 10.2; S3 API Reference'
const base = { level: 'MUST', needs: ['s3'], source, seconds: 1 } as const
const invalid = refusal('InvalidBucketName', 400)

const names: Case = defineCase({
  ...base,
  id: 'object-storage/bucket-names',
  title:
    'Eucalyptus takes bucket names of letters of both cases, digits, dots, hyphens and underscores; AWS those of DNS',
  covers: ['CreateBucket', 'HeadBucket'],
  async run(tools) {
    const { s3 } = tools.administrator
    const name = tools.name('bucket')
    for (const bad of ['x', `${name}%20space`, `${name}%26and`, name.padEnd(256, 'n')]) {
      await refusesBucket(tools, bad, invalid)
    }
    const extended = `${tools.name('Bucket')}_Under..score`
    const path = `/${extended}`
    if (tools.target.fidelity === 'aws') {
      await refusesBucket(tools, extended, invalid)
      return void (await tools.refuses(s3({ method: 'HEAD', path: `/${name}` }), refusal('HTTP 404', 404)))
    }
    tools.later(`bucket ${extended}`, () => s3({ method: 'DELETE', path }))
    await s3({ method: 'PUT', path })
    assert.equal((await s3({ method: 'HEAD', path })).status, 200)
    assert.ok((await bucketsOf(tools.administrator)).includes(extended))
    assert.equal((await s3({ method: 'DELETE', path })).status, 204)
    await tools.refuses(s3({ method: 'HEAD', path }), refusal('HTTP 404', 404))
  },
})

/** The names of an account's buckets. */
async function bucketsOf({ s3 }: Clients): Promise<(string | undefined)[]> {
  const { content } = readXml((await s3({ method: 'GET', path: '/' })).body.toString())
  return list(content, 'Buckets', 'Bucket').map((bucket) => text(bucket, 'Name'))
}

const owned: Case = defineCase({
  ...base,
  id: 'object-storage/buckets-belong-to-an-account',
  title:
    "a bucket's name is taken for all other accounts; its own may make it again, but in AWS in its first region only; each lists its own buckets",
  covers: ['CreateBucket', 'ListBuckets'],
  needs: ['s3', 'two-accounts'],
  async run(tools) {
    const bucket = await makeBucket(tools)
    // AWS has the rules of its first region, and others for all that came later.
    const body = creationOf(tools.target)
    const create = { method: 'PUT', path: `/${bucket}`, body }
    if (body !== '') await tools.refuses(tools.administrator.s3(create), refusal('BucketAlreadyOwnedByYou', 409))
    else assert.equal((await tools.administrator.s3(create)).status, 200)
    await tools.refuses(tools.user.s3(create), refusal('BucketAlreadyExists', 409))
    assert.ok((await bucketsOf(tools.administrator)).includes(bucket))
    assert.ok(!(await bucketsOf(tools.user)).includes(bucket))
  },
})

const removal: Case = defineCase({
  ...base,
  id: 'object-storage/bucket-is-removed-when-empty',
  title: 'a bucket is removed only when it is empty; then it is not there any more',
  covers: ['DeleteBucket', 'HeadBucket', 'GetObject', 'DeleteObject'],
  async run(tools) {
    const { s3 } = tools.administrator
    const path = `/${await makeBucket(tools)}`
    const noSuchBucket = refusal('NoSuchBucket', 404)
    await s3({ method: 'PUT', path: `${path}/object`, body: '' })
    await tools.refuses(s3({ method: 'DELETE', path }), refusal('BucketNotEmpty', 409))
    await s3({ method: 'DELETE', path: `${path}/object` })
    assert.equal((await s3({ method: 'DELETE', path })).status, 204)
    await settled(tools, () => tools.refuses(s3({ method: 'HEAD', path }), refusal('HTTP 404', 404)))
    for (const ask of [
      { method: 'DELETE', path },
      { method: 'GET', path },
      { method: 'GET', path: `${path}/object` },
    ]) {
      await tools.refuses(s3(ask), noSuchBucket)
    }
    await tools.refuses(s3({ method: 'PUT', path: `${path}/object`, body: '' }), noSuchBucket)
    await tools.refuses(s3({ method: 'DELETE', path: `${path}/object` }), noSuchBucket)
  },
})

const listing: Case = defineCase({
  ...base,
  id: 'object-storage/listing',
  title: 'a bucket is listed in order, by prefix, in folders and in pages, by both versions of the operation',
  covers: ['ListObjects', 'ListObjectsV2'],
  async run(tools) {
    const { s3 } = tools.administrator
    const path = `/${await makeBucket(tools)}`
    const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/4', 'é']
    for (const key of [...keys].reverse()) {
      await s3({ method: 'PUT', path: `${path}/${encodeURIComponent(key).replaceAll('%2F', '/')}`, body: key })
    }
    const read = async (query: string) => readXml((await s3({ method: 'GET', path, query })).body.toString()).content
    for (const version of ['', 'list-type=2&']) {
      const all = await read(version)
      assert.deepEqual(
        list(all, 'Contents').map((object) => text(object, 'Key')),
        keys,
      )
      const folders = await read(`${version}delimiter=%2F`)
      assert.deepEqual(
        list(folders, 'Contents').map((object) => text(object, 'Key')),
        ['a', 'd', 'é'],
      )
      assert.deepEqual(
        list(folders, 'CommonPrefixes').map((prefix) => text(prefix, 'Prefix')),
        ['b/', 'e/'],
      )
      const below = await read(`${version}prefix=b%2F&delimiter=%2F`)
      assert.deepEqual(
        list(below, 'Contents').map((object) => text(object, 'Key')),
        ['b/1', 'b/2'],
      )
      assert.deepEqual(await pages(read, version), keys)
    }
  },
})

/** All keys of a bucket, two to a page. */
async function pages(read: (query: string) => Promise<ReturnType<typeof readXml>['content']>, version: string) {
  const keys: (string | undefined)[] = []
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page = await read(`${version}max-keys=2${next}`)
    const found = list(page, 'Contents').map((object) => text(object, 'Key'))
    assert.ok(found.length <= 2)
    keys.push(...found)
    assert.ok(keys.length <= 20, `the listing goes on after ${keys.length} keys`)
    const token = version ? text(page, 'NextContinuationToken') : found.at(-1)
    const parameter = version ? 'continuation-token' : 'marker'
    next = text(page, 'IsTruncated') === 'true' ? `&${parameter}=${encodeURIComponent(token ?? '')}` : undefined
  }
  return keys
}

const several: Case = defineCase({
  ...base,
  id: 'object-storage/delete-several',
  title: 'many objects are deleted by one request, those that are not there too',
  covers: ['DeleteObjects', 'ListObjectsV2'],
  async run(tools) {
    const { minio, s3 } = tools.administrator
    const bucket = await makeBucket(tools)
    for (const key of ['a', 'b & c', 'd']) await minio.putObject(bucket, key, key)
    const failures = await minio.removeObjects(bucket, ['a', 'b & c', 'not there'])
    assert.deepEqual(
      failures.filter((failure) => failure?.Error),
      [],
    )
    const { content } = readXml((await s3({ method: 'GET', path: `/${bucket}`, query: 'list-type=2' })).body.toString())
    const left = list(content, 'Contents').map((object) => text(object, 'Key'))
    assert.deepEqual(left, ['d'])
  },
})

const unknown: Case = defineCase({
  ...base,
  id: 'object-storage/configurations-that-are-absent',
  title: 'a configuration that a bucket does not have is a fault of its own; where it is has always an answer',
  covers: [
    'GetBucketLocation',
    'GetBucketTagging',
    'GetBucketCors',
    'GetBucketPolicy',
    'GetBucketLifecycleConfiguration',
  ],
  async run(tools) {
    const { s3 } = tools.administrator
    const path = `/${await makeBucket(tools)}`
    const absent = {
      tagging: 'NoSuchTagSet',
      cors: 'NoSuchCORSConfiguration',
      policy: 'NoSuchBucketPolicy',
      lifecycle: 'NoSuchLifecycleConfiguration',
    }
    for (const [query, code] of Object.entries(absent)) {
      await tools.refuses(s3({ method: 'GET', path, query }), refusal(code, 404))
    }
    // Sent in the second way by minio's own clients (clients.md, quirk 12).
    for (const ask of [
      { path, query: 'location' },
      { path: `${path}/`, query: 'location=' },
    ]) {
      const { root } = readXml((await s3({ method: 'GET', ...ask })).body.toString())
      assert.equal(root, 'LocationConstraint')
    }
  },
})

export default [names, owned, removal, listing, several, unknown]
