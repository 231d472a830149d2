import { beforeAll, describe, expect, it } from 'vitest'
import { accounts, type Person, servedS3 } from './service.test.support.ts'

const eucalyptus = servedS3()
const aws = servedS3('aws')
const ids = Object.fromEntries(accounts.map(({ name, id }) => [name, id]))
const bucket = 'arn:aws:s3:::mine'
const both = [bucket, `${bucket}/*`]

interface Statement {
  readonly Effect?: 'Allow' | 'Deny'
  readonly Principal?: unknown
  readonly Action: string | string[]
  readonly Resource?: string | string[]
  readonly Condition?: object
}

const bob = { AWS: `arn:aws:iam::${ids['bob']}:root` }
const policy = (statements: readonly Statement[]) =>
  JSON.stringify({ Statement: statements.map((one) => ({ Effect: 'Allow', Principal: bob, Resource: both, ...one })) })

beforeAll(async () => {
  for (const { call } of [eucalyptus, aws]) {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'x' })
    await call('PUT /mine/public/key', { body: 'x' })
  }
})

type Row = [
  line: string,
  as: Person,
  statements: Statement[],
  inAws: number,
  inEucalyptus: number,
  headers?: Record<string, string>,
]

describe('with a policy', () => {
  it.each<Row>([
    ['GET /mine/key', 'bob', [], 403, 403],
    ['GET /mine/key', 'bob', [{ Action: 's3:GetObject' }], 200, 200],
    ['HEAD /mine/key', 'bob', [{ Action: 's3:GetObject' }], 200, 200],
    ['GET /mine/key', 'anonymous', [{ Action: 's3:GetObject' }], 403, 403],
    ['GET /mine/key', 'anonymous', [{ Action: 's3:GetObject', Principal: '*' }], 200, 200],
    ['GET /mine/key', 'bob', [{ Action: 's3:GetObject', Resource: bucket }], 403, 403],
    ['GET /mine/key', 'bob', [{ Action: 's3:GetObject', Resource: `${bucket}/public/*` }], 403, 403],
    ['GET /mine/public/key', 'bob', [{ Action: 's3:GetObject', Resource: `${bucket}/public/*` }], 200, 200],
    ['GET /mine/key?versionId=null', 'bob', [{ Action: 's3:GetObject' }], 403, 403],
    ['GET /mine/key?versionId=null', 'bob', [{ Action: 's3:GetObjectVersion' }], 200, 200],
    ['GET /mine/key?acl', 'bob', [{ Action: 's3:GetObject' }], 403, 403],
    ['GET /mine/key?acl', 'bob', [{ Action: 's3:GetObjectAcl' }], 200, 200],
    ['GET /mine/none', 'bob', [{ Action: 's3:GetObject' }], 403, 404],
    ['GET /mine/none', 'bob', [{ Action: ['s3:GetObject', 's3:ListBucket'] }], 404, 404],
    ['PUT /mine/bobs', 'bob', [{ Action: 's3:PutObject' }], 200, 200],
    ['PUT /mine/bobs', 'bob', [{ Action: 's3:PutObject', Resource: bucket }], 403, 403],
    ['POST /mine/bobs?uploads', 'bob', [{ Action: 's3:PutObject' }], 200, 200],
    ['DELETE /mine/bobs', 'bob', [{ Action: 's3:DeleteObject' }], 204, 204],
    // Eucalyptus' policies open objects, never the bucket.
    ['GET /mine', 'bob', [{ Action: 's3:ListBucket' }], 200, 403],
    ['GET /mine?list-type=2', 'bob', [{ Action: 's3:ListBucket' }], 200, 403],
    ['GET /mine?versions', 'bob', [{ Action: 's3:ListBucket' }], 403, 403],
    ['GET /mine?location', 'bob', [{ Action: 's3:GetBucketLocation' }], 200, 403],
    ['GET /mine?acl', 'bob', [{ Action: 's3:GetBucketAcl' }], 200, 403],
    ['GET /mine?cors', 'bob', [{ Action: 's3:GetBucketCORS' }], 404, 403],
    // A denial counts more than ACL and ownership, but for the policy itself.
    ['GET /mine/key', 'alice', [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject' }], 403, 403],
    ['GET /mine', 'alice', [{ Effect: 'Deny', Principal: '*', Action: 's3:*' }], 403, 403],
    ['GET /mine?policy', 'alice', [{ Effect: 'Deny', Principal: '*', Action: 's3:*' }], 200, 200],
    ['GET /mine/key', 'admin', [{ Effect: 'Deny', Principal: '*', Action: 's3:*' }], 200, 200],
    ['GET /mine/key', 'bob', [{ Action: 's3:*' }, { Effect: 'Deny', Action: 's3:GetObject' }], 403, 403],
    ['GET /mine/key', 'alice', [{ Effect: 'Deny', Action: 's3:*' }], 200, 200],
    [
      'PUT /mine/set',
      'alice',
      [{ Effect: 'Deny', Principal: '*', Action: 's3:PutObjectAcl' }],
      403,
      403,
      { 'x-amz-acl': 'public-read' },
    ],
    ['PUT /mine/set', 'alice', [{ Effect: 'Deny', Principal: '*', Action: 's3:PutObjectAcl' }], 200, 200],
  ])('%s as %s by %j: %i, in Eucalyptus %i', async (line, as, statements, inAws, inEucalyptus, headers = {}) => {
    for (const [{ call }, status] of [
      [aws, inAws],
      [eucalyptus, inEucalyptus],
    ] as const) {
      if (statements.length) await call('PUT /mine?policy', { body: policy(statements) })
      else await call('DELETE /mine?policy')
      expect((await call(line, { as, headers })).status).toBe(status)
    }
  })
})

describe('with a condition', () => {
  const on = (Action: string, operator: string, key: string, value: unknown): Statement => ({
    Action,
    Condition: { [operator]: { [key]: value } },
  })
  it.each<[line: string, statement: Statement, headers: Record<string, string>, status: number]>([
    ['GET /mine?prefix=a/b', on('s3:ListBucket', 'StringLike', 's3:prefix', 'a/*'), {}, 200],
    ['GET /mine?prefix=b', on('s3:ListBucket', 'StringLike', 's3:prefix', 'a/*'), {}, 403],
    ['GET /mine', on('s3:ListBucket', 'StringLike', 's3:prefix', 'a/*'), {}, 403],
    ['GET /mine?delimiter=/', on('s3:ListBucket', 'StringEquals', 's3:delimiter', '/'), {}, 200],
    ['GET /mine?max-keys=10', on('s3:ListBucket', 'NumericLessThanEquals', 's3:max-keys', 10), {}, 200],
    ['GET /mine?max-keys=11', on('s3:ListBucket', 'NumericLessThanEquals', 's3:max-keys', 10), {}, 403],
    ['HEAD /mine/public/none', on('s3:ListBucket', 'StringLike', 's3:prefix', 'public/*'), {}, 404],
    ['HEAD /mine/private/none', on('s3:ListBucket', 'StringLike', 's3:prefix', 'public/*'), {}, 403],
    ['GET /mine/key', on('s3:GetObject', 'IpAddress', 'aws:SourceIp', '127.0.0.0/8'), {}, 200],
    ['GET /mine/key', on('s3:GetObject', 'IpAddress', 'aws:SourceIp', '10.0.0.0/8'), {}, 403],
    ['GET /mine/key', on('s3:GetObject', 'Bool', 'aws:SecureTransport', 'false'), {}, 200],
    ['GET /mine/key', on('s3:GetObject', 'Bool', 'aws:SecureTransport', 'true'), {}, 403],
    ['GET /mine/key', on('s3:GetObject', 'StringLike', 'aws:Referer', 'http://a/*'), { referer: 'http://a/b' }, 200],
    ['GET /mine/key', on('s3:GetObject', 'StringLike', 'aws:Referer', 'http://a/*'), {}, 403],
    ['GET /mine/key', on('s3:GetObject', 'StringLike', 'aws:UserAgent', 'cli*'), { 'user-agent': 'cli/1' }, 200],
    ['GET /mine/key', on('s3:GetObject', 'StringEquals', 'aws:PrincipalAccount', ids['bob']), {}, 200],
    ['GET /mine/key', on('s3:GetObject', 'StringEquals', 's3:ResourceAccount', ids['alice']), {}, 200],
    ['GET /mine/key', on('s3:GetObject', 'DateGreaterThan', 'aws:CurrentTime', '2001-01-01'), {}, 200],
    ['GET /mine/key', on('s3:GetObject', 'NumericLessThan', 'aws:EpochTime', 1), {}, 403],
    ['PUT /mine/put', on('s3:PutObject', 'StringEquals', 's3:x-amz-acl', 'private'), { 'x-amz-acl': 'private' }, 200],
    ['PUT /mine/put', on('s3:PutObject', 'StringEquals', 's3:x-amz-acl', 'private'), {}, 403],
    [
      'PUT /mine/put',
      on('s3:PutObject', 'StringEquals', 's3:RequestObjectTag/a', 'b'),
      { 'x-amz-tagging': 'a=b' },
      200,
    ],
    [
      'PUT /mine/put',
      on('s3:PutObject', 'StringEquals', 's3:RequestObjectTag/a', 'b'),
      { 'x-amz-tagging': 'a=c' },
      403,
    ],
    ['GET /mine/tagged', on('s3:GetObject', 'StringEquals', 's3:ExistingObjectTag/a', 'b'), {}, 200],
    ['GET /mine/tagged', on('s3:GetObject', 'StringEquals', 's3:ExistingObjectTag/a', 'c'), {}, 403],
  ])('%s by %j with %j: %i', async (line, statement, headers, status) => {
    await aws.call('DELETE /mine?policy')
    await aws.call('PUT /mine/tagged', { headers: { 'x-amz-tagging': 'a=b' } })
    await aws.call('PUT /mine?policy', { body: policy([statement]) })
    expect((await aws.call(line, { as: 'bob', headers })).status).toBe(status)
  })
})

it('a permission opens objects of the bucket’s owner only', async () => {
  for (const { call } of [aws, eucalyptus]) {
    await call('PUT /mine?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
    await call('PUT /mine?policy', { body: policy([{ Action: 's3:GetObject', Principal: '*' }]) })
    await call('PUT /mine/bobs-own', { as: 'bob', body: 'x' })
    expect(await call('GET /mine/bobs-own')).toMatchObject({ status: 403 })
    expect(await call('GET /mine/bobs-own', { as: 'bob' })).toMatchObject({ status: 200 })
    await call('PUT /mine?acl', { headers: { 'x-amz-acl': 'private' } })
  }
})

it('the source of a copy has its own bucket’s policy', async () => {
  const { call } = aws
  await call('PUT /bobs', { as: 'bob' })
  const copy = (source: string) => call('PUT /bobs/copy', { as: 'bob', headers: { 'x-amz-copy-source': source } })
  await call('PUT /mine?policy', { body: policy([{ Action: 's3:GetObject', Resource: `${bucket}/public/*` }]) })
  expect(await copy('mine/public/key')).toMatchObject({ status: 200 })
  expect(await copy('mine/key')).toMatchObject({ status: 403 })
  const Condition = { StringLike: { 's3:x-amz-copy-source': 'bobs/*' } }
  await call('PUT /mine?policy', { body: policy([{ Action: 's3:PutObject', Condition }]) })
  const into = (source: string) => call('PUT /mine/in', { as: 'bob', headers: { 'x-amz-copy-source': source } })
  expect(await into('/bobs/copy')).toMatchObject({ status: 200 })
  expect(await call('PUT /mine/in', { as: 'bob' })).toMatchObject({ status: 403 })
})

it('a list of keys to delete is judged key by key', async () => {
  const { call } = aws
  const Deny = { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource: `${bucket}/kept` } as const
  await call('PUT /mine?policy', { body: policy([{ Action: 's3:DeleteObject' }, Deny]) })
  const body = '<Delete><Object><Key>kept</Key></Object><Object><Key>other</Key></Object></Delete>'
  const reply = await call('POST /mine?delete', { as: 'bob', body })
  expect([reply.status, reply.all('Key'), reply.all('Code')]).toEqual([200, ['other', 'kept'], ['AccessDenied']])
  const denied = await call('POST /mine?delete', { as: 'anonymous', body })
  expect([denied.all('Deleted'), denied.all('Code')]).toEqual([[], ['AccessDenied', 'AccessDenied']])
})

it('a request may say whose bucket it expects, in AWS', async () => {
  const headers = { 'x-amz-expected-bucket-owner': '000000000009' }
  const own = { 'x-amz-expected-bucket-owner': ids['alice'] ?? '' }
  await aws.call('DELETE /mine?policy')
  for (const line of ['GET /mine', 'PUT /mine/expected', 'GET /mine/key', 'POST /mine?delete', 'GET /mine?cors']) {
    expect((await aws.call(line, { headers })).status).toBe(403)
  }
  expect(await aws.call('GET /mine/key', { headers: own })).toMatchObject({ status: 200 })
  expect(await eucalyptus.call('GET /mine/key', { headers })).toMatchObject({ status: 200 })
})
