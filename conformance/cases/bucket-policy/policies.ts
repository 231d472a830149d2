import { ServiceError } from '../../../src/client/service-error.ts'
import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket, settled, texts } from '../../bucket.ts'
import type { Clients } from '../../clients.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { blocking } from './public-access.ts'

const policies = area('bucket-policy', {
  needs: ['s3', 'bucket-policy'],
  source:
    'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 User Guide, Bucket policies; IAM User Guide, Policy elements',
})

const denied = refusal('AccessDenied', 403)

/** A statement of a policy; who, what and on which keys, unless told otherwise: everybody reads all objects. */
const statement = (bucket: string, own: Readonly<Record<string, unknown>> = {}, keys = '*') => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: `arn:aws:s3:::${bucket}/${keys}`,
  ...own,
})

/**
 * Sets a policy of statements; it is removed after the case, before the bucket. A new bucket of AWS refuses a policy for
 * everybody until its block is taken off (S3 User Guide, Blocking public access).
 */
async function setPolicy(tools: Tools, bucket: Bucket, ...statements: readonly unknown[]): Promise<void> {
  tools.later(`policy of ${bucket.name}`, () => bucket.ask('DELETE', '?policy'))
  const body = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  const put = () => bucket.ask('PUT', '?policy', { body })
  await put().catch(async (error: unknown) => {
    const isBlocked = error instanceof ServiceError && error.code === 'AccessDenied'
    if (tools.target.fidelity === 'eucalyptus' || !isBlocked) throw error
    await bucket.ask('PUT', '?publicAccessBlock', { body: blocking() })
    await settled(tools, put)
  })
}

const arnOf = ({ account }: Clients) => `arn:aws:iam::${account.accountId}:root`

export default [
  policies(
    'comes-back',
    'a policy comes back as it was set, replaces the one before, and is gone once it is deleted',
    ['PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'],
    async (tools) => {
      const { minio } = tools.administrator
      const bucket = await openBucket(tools)
      const absent = refusal('NoSuchBucketPolicy', 404)
      await tools.refuses(bucket.ask('GET', '?policy'), absent)
      await setPolicy(tools, bucket, statement(bucket.name))
      for (const keys of ['first/*', 'second/*']) {
        const policy = { Version: '2012-10-17', Statement: [statement(bucket.name, {}, keys)] }
        await minio.setBucketPolicy(bucket.name, JSON.stringify(policy))
        await settled(tools, async () => {
          expectSame('the policy', JSON.parse(await minio.getBucketPolicy(bucket.name)), policy)
        })
      }
      expectSame('DELETE ?policy', (await bucket.ask('DELETE', '?policy')).status, 204)
      await settled(tools, () => tools.refuses(bucket.ask('GET', '?policy'), absent))
    },
  ),
  policies(
    'opens-what-it-names',
    'a policy lets everybody read the objects whose keys it names, no others, and only as long as it is there',
    ['PutBucketPolicy', 'DeleteBucketPolicy', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const key of ['public/a', 'public/b/c', 'private/a', 'publi']) await bucket.put(key, key)
      await tools.refuses(bucket.anonymous.read('public/a'), denied)
      await setPolicy(tools, bucket, statement(bucket.name, {}, 'public/*'))
      await settled(tools, async () => {
        for (const key of ['public/a', 'public/b/c']) expectSame(`GET ${key}`, await bucket.anonymous.read(key), key)
      })
      for (const key of ['private/a', 'publi']) await tools.refuses(bucket.anonymous.read(key), denied)
      await tools.refuses(bucket.anonymous.put('public/a', 'x'), denied)
      await tools.refuses(bucket.anonymous.ask('DELETE', 'public/a'), denied)
      await bucket.ask('DELETE', '?policy')
      await settled(tools, () => tools.refuses(bucket.anonymous.read('public/a'), denied))
    },
    { smoke: true },
  ),
  policies(
    'a-denial-counts-more',
    'what a policy denies is denied, whatever it or an ACL allows besides',
    ['PutBucketPolicy', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('open', 'open', { 'x-amz-acl': 'public-read' })
      await bucket.put('shut', 'shut', { 'x-amz-acl': 'public-read' })
      expectSame('GET shut, before', await bucket.anonymous.read('shut'), 'shut')
      await setPolicy(tools, bucket, statement(bucket.name), statement(bucket.name, { Effect: 'Deny' }, 'shut'))
      await settled(tools, () => tools.refuses(bucket.anonymous.read('shut'), denied))
      expectSame('GET open', await bucket.anonymous.read('open'), 'open')
    },
    { needs: ['s3', 'bucket-policy', 'acl'], smoke: true },
  ),
  policies(
    'names-who-may',
    'a policy that names an account lets that account, and nobody else',
    ['PutBucketPolicy', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      await tools.refuses(bucket.as(tools.user).read('object'), denied)
      await setPolicy(tools, bucket, statement(bucket.name, { Principal: { AWS: arnOf(tools.user) } }))
      await settled(tools, async () => {
        expectSame('GET object, by the account', await bucket.as(tools.user).read('object'), 'content')
      })
      await tools.refuses(bucket.anonymous.read('object'), denied)
    },
    { needs: ['s3', 'bucket-policy', 'two-accounts'] },
  ),
  policies(
    'names-what-may-be-done',
    'a policy that lets somebody read objects lets them neither put nor delete them, and one for putting only put',
    ['PutBucketPolicy', 'PutObject', 'GetObject', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const theirs = bucket.as(tools.user)
      await bucket.put('mine', 'content')
      const may = (...Action: string[]) => ({ Principal: { AWS: arnOf(tools.user) }, Action })
      await setPolicy(tools, bucket, statement(bucket.name, may('s3:GetObject')))
      await settled(tools, async () => expectSame('GET mine, by them', await theirs.read('mine'), 'content'))
      for (const key of ['mine', 'theirs']) await tools.refuses(theirs.put(key, 'x'), denied)
      await tools.refuses(theirs.ask('DELETE', 'mine'), denied)
      await setPolicy(tools, bucket, statement(bucket.name, may('s3:PutObject'), 'in/*'))
      await settled(tools, () => tools.refuses(theirs.read('mine'), denied))
      await tools.refuses(theirs.put('out/object', 'x'), denied)
      await tools.refuses(theirs.ask('DELETE', 'mine'), denied)
      // Who lets others put: an ACL's WRITE in Eucalyptus, where a policy opens objects and no buckets.
      if (tools.target.fidelity === 'aws') await settled(tools, () => theirs.put('in/object', 'x'))
      const keys = texts(await bucket.document('?list-type=2'), 'Contents', 'Key')
      expectSame('the keys', keys, tools.of({ eucalyptus: ['mine'], aws: ['in/object', 'mine'] }))
      expectSame('GET mine', await bucket.read('mine'), 'content')
    },
    { needs: ['s3', 'bucket-policy', 'two-accounts'] },
  ),
  policies(
    'conditions-hold',
    'a statement counts only where its conditions hold',
    ['PutBucketPolicy', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const nowhere = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }
      const anywhere = { IpAddress: { 'aws:SourceIp': ['0.0.0.0/0', '::/0'] } }
      for (const key of ['nowhere', 'anywhere']) await bucket.put(key, key)
      const statements = Object.entries({ nowhere, anywhere }).map(([key, Condition]) =>
        statement(bucket.name, { Condition }, key),
      )
      await setPolicy(tools, bucket, ...statements)
      await settled(tools, async () => {
        expectSame('GET anywhere', await bucket.anonymous.read('anywhere'), 'anywhere')
      })
      await tools.refuses(bucket.anonymous.read('nowhere'), denied)
    },
  ),
  policies(
    'denies-its-own-owner',
    "a policy may deny the bucket's own account, which can always take the policy back",
    ['PutBucketPolicy', 'DeleteBucketPolicy', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools, tools.user)
      await bucket.put('object', 'content')
      await setPolicy(tools, bucket, statement(bucket.name, { Effect: 'Deny', Action: 's3:DeleteObject' }))
      // Asked about what is not there until it holds, so that nothing is lost that must not be.
      await settled(tools, () => tools.refuses(bucket.ask('DELETE', 'absent'), denied))
      await tools.refuses(bucket.ask('DELETE', 'object'), denied)
      expectSame('GET object', await bucket.read('object'), 'content')
      await bucket.ask('DELETE', '?policy')
      await settled(tools, async () => {
        expectSame('DELETE object', (await bucket.ask('DELETE', 'object')).status, 204)
      })
    },
    { needs: ['s3', 'bucket-policy', 'two-accounts'] },
  ),
  policies(
    'that-cannot-be',
    'a policy that is no JSON, has no statements, or speaks of another bucket is refused, and the one before stays',
    ['PutBucketPolicy', 'GetBucketPolicy'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const good = statement(bucket.name)
      await setPolicy(tools, bucket, good)
      const put = (body: string) => bucket.ask('PUT', '?policy', { body })
      const withStatement = (one: unknown) => JSON.stringify({ Version: '2012-10-17', Statement: [one] })
      const refused = { eucalyptus: refusal('InvalidArgument', 400), aws: refusal('MalformedPolicy', 400) }
      for (const body of [
        'no JSON',
        '{}',
        withStatement({ ...good, Resource: 'arn:aws:s3:::another/*' }),
        withStatement({ ...good, Effect: 'Perhaps' }),
        withStatement({ ...good, Action: undefined }),
      ]) {
        await tools.refuses(put(body), refused)
      }
      const { Statement } = JSON.parse(await bucket.read('?policy')) as { Statement: unknown[] }
      expectSame('the policy', Statement, [good])
    },
    { source: 'S3 API Reference, PutBucketPolicy and List of error codes; ObjectStorageGateway.java, setBucketPolicy' },
  ),
  policies(
    'is-its-owners',
    'another account can neither see, set nor delete the policy of a bucket',
    ['PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await setPolicy(tools, bucket, statement(bucket.name))
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(others.ask('GET', '?policy'), denied)
        await tools.refuses(others.ask('DELETE', '?policy'), denied)
        const body = JSON.stringify({ Version: '2012-10-17', Statement: [statement(bucket.name)] })
        await tools.refuses(others.ask('PUT', '?policy', { body }), denied)
      }
      expectSame('how many statements', JSON.parse(await bucket.read('?policy')).Statement.length, 1)
    },
    { needs: ['s3', 'bucket-policy', 'two-accounts'] },
  ),
]
