import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, bucketNamed, expectSame, openBucket, texts, versioningOf } from '../../bucket.ts'
import { creationOf, removeBucket } from '../../buckets.ts'
import { aclDocument, canonicalId, everybody, grantElement, grantsOf } from '../../grants.ts'
import { refusal } from '../../refusal.ts'

/** Declares a case of access control lists, of buckets and of objects. */
export const acl = area('acl', {
  needs: ['s3', 'acl', 'two-accounts'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.3; S3 User Guide, Access control list (ACL) overview',
})

const denied = refusal('AccessDenied', 403)

/** The keys that the owner of a bucket sees. */
const keysIn = async (bucket: Bucket) => texts(await bucket.document('?list-type=2'), 'Contents', 'Key')

/** A document for each configuration of a bucket that would be taken of its owner. */
const configurations: Readonly<Record<string, string>> = {
  versioning: versioningOf('Enabled'),
  tagging: '<Tagging><TagSet><Tag><Key>of</Key><Value>others</Value></Tag></TagSet></Tagging>',
  cors: '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  lifecycle:
    '<LifecycleConfiguration><Rule><ID>one</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
}

export default [
  acl(
    'made-with-the-bucket',
    'a bucket can be made with an ACL, which holds from the first moment',
    ['CreateBucket', 'GetBucketAcl', 'ListObjectsV2'],
    async (tools) => {
      const { administrator } = tools
      const bucket = bucketNamed(tools.name('bucket'), administrator)
      tools.later(`bucket ${bucket.name}`, () => removeBucket(administrator, bucket.name))
      await bucket.ask('PUT', '', { headers: { 'x-amz-acl': 'public-read' }, body: creationOf(tools.target) })
      expectSame(
        'the listing, by nobody',
        texts(await bucket.anonymous.document('?list-type=2'), 'Contents', 'Key'),
        [],
      )
      const grants = [`${everybody} READ`, `${await canonicalId(administrator)} FULL_CONTROL`].sort()
      expectSame('?acl', await grantsOf(bucket, '?acl'), grants)
    },
  ),
  acl(
    'each-permission-on-a-bucket',
    'READ lists, WRITE stores and deletes what was stored so, READ_ACP and WRITE_ACP read and change the ACL, and none more than that',
    ['PutBucketAcl', 'GetBucketAcl', 'ListObjectsV2', 'PutObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('mine', 'content')
      const theirs = bucket.as(tools.user)
      const [owner, id] = [await canonicalId(tools.administrator), await canonicalId(tools.user)]
      const asked: Record<string, () => Promise<unknown>> = {
        READ: () => theirs.document('?list-type=2'),
        WRITE: async () => {
          await theirs.put('theirs', 'content')
          expectSame('theirs, stored', (await keysIn(bucket)).includes('theirs'), true)
          expectSame('DELETE of theirs', (await theirs.ask('DELETE', 'theirs')).status, 204)
        },
        READ_ACP: () => theirs.document('?acl'),
        WRITE_ACP: async () => {
          // Puts the ACL that there is, with the same grant.
          const grants = [grantElement(owner, 'FULL_CONTROL'), grantElement(id, 'WRITE_ACP')]
          await theirs.ask('PUT', '?acl', { body: aclDocument(owner, ...grants) })
        },
      }
      for (const permission of Object.keys(asked)) {
        const body = aclDocument(owner, grantElement(owner, 'FULL_CONTROL'), grantElement(id, permission))
        await bucket.ask('PUT', '?acl', { body })
        for (const [needed, attempt] of Object.entries(asked)) {
          if (needed === permission) await attempt()
          else await tools.refuses(attempt(), denied)
        }
        // Whether WRITE deletes what others have stored is told differently by the two clouds.
        if (permission !== 'WRITE') await tools.refuses(theirs.ask('DELETE', 'mine'), denied)
        await tools.refuses(theirs.read('mine'), denied)
        expectSame('what is in the bucket', await keysIn(bucket), ['mine'])
      }
      await bucket.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'private' } })
      for (const attempt of Object.values(asked)) await tools.refuses(attempt(), denied)
    },
    { seconds: 2 },
  ),
  acl(
    'everybody-may-write',
    'nobody in particular can store and delete in a bucket that everybody may write, and in no other',
    ['PutBucketAcl', 'PutObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await tools.refuses(bucket.anonymous.put('object', 'x'), denied)
      await bucket.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
      await bucket.anonymous.put('object', 'x', { 'x-amz-acl': 'public-read' })
      expectSame('GET object', await bucket.read('object'), 'x')
      await bucket.anonymous.ask('DELETE', 'object')
      await tools.refuses(bucket.read('object'), refusal('NoSuchKey', 404))
      await bucket.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'public-read' } })
      await tools.refuses(bucket.anonymous.put('object', 'x'), denied)
    },
  ),
  acl(
    'the-owner-of-the-bucket',
    "what another account stores is that account's: the bucket's owner reads it only if it is granted, and may delete it",
    ['PutObject', 'GetObject', 'DeleteObject'],
    async (tools) => {
      const theirs = await openBucket(tools, tools.user)
      await theirs.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
      const mine = theirs.as(tools.administrator)
      await mine.put('private', 'content')
      await mine.put('readable', 'content', { 'x-amz-acl': 'bucket-owner-read' })
      await mine.put('full', 'content', { 'x-amz-acl': 'bucket-owner-full-control' })
      await tools.refuses(theirs.read('private'), denied)
      expectSame('GET readable', await theirs.read('readable'), 'content')
      await tools.refuses(theirs.ask('GET', 'readable?acl'), denied)
      expectSame('GET full', await theirs.read('full'), 'content')
      const [owner, id] = [await canonicalId(tools.administrator), await canonicalId(tools.user)]
      const grants = [`${id} FULL_CONTROL`, `${owner} FULL_CONTROL`].sort()
      expectSame('full?acl', await grantsOf(theirs, 'full?acl'), grants)
      expectSame('DELETE private', (await theirs.ask('DELETE', 'private')).status, 204)
      expectSame('what is left', await keysIn(theirs), ['full', 'readable'])
    },
  ),
  acl(
    'who-may-remove-a-bucket',
    'a bucket that everybody may write is still removed and configured by its owner alone',
    [
      ...['DeleteBucket', 'PutBucketVersioning', 'PutBucketTagging', 'PutBucketCors', 'PutBucketPolicy'],
      'PutBucketLifecycleConfiguration',
    ],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.ask('PUT', '?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(others.ask('DELETE'), denied)
        for (const [query, body] of Object.entries(configurations)) {
          await tools.refuses(others.ask('PUT', `?${query}`, { body }), denied)
        }
        const Resource = `arn:aws:s3:::${bucket.name}/*`
        const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource }]
        const body = JSON.stringify({ Version: '2012-10-17', Statement })
        await tools.refuses(others.ask('PUT', '?policy', { body }), denied)
      }
      expectSame('the state of versions', text(await bucket.document('?versioning'), 'Status'), undefined)
      await tools.refuses(bucket.ask('GET', '?tagging'), refusal('NoSuchTagSet', 404))
      await tools.refuses(bucket.ask('GET', '?policy'), refusal('NoSuchBucketPolicy', 404))
    },
    { needs: ['s3', 'acl', 'two-accounts', 'versioning', 'cors', 'lifecycle', 'bucket-policy'] },
  ),
]
