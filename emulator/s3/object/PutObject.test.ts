import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { Fault } from '../../../src/protocol/faults.ts'
import { servedS3 } from '../service.test.support.ts'

const { call, s3 } = servedS3()
const aws = servedS3('aws')

it('stores bytes, headers and metadata, and answers the MD5', async () => {
  await call('PUT /mine')
  const headers = {
    'content-type': 'text/plain',
    'content-encoding': 'aws-chunked,gzip',
    'cache-control': 'no-cache',
    'x-amz-meta-colour': 'gr\u00fcn',
    'x-amz-storage-class': 'STANDARD',
  }
  const put = await call('PUT /mine//root/x.img', { body: 'hello', headers })
  expect(put).toMatchObject({ status: 200, text: '', headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' } })
  const got = await call('GET /mine//root/x.img')
  expect(got.text).toBe('hello')
  expect(got.headers).toMatchObject({
    'content-type': 'text/plain',
    'content-encoding': 'gzip',
    'cache-control': 'no-cache',
    'x-amz-meta-colour': 'gr\u00fcn',
    'content-length': '5',
    'accept-ranges': 'bytes',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'x-amz-request-id': 'request-1',
  })
})

it.each([0, 70_000, 3_000_000])('stores %i bytes', async (size) => {
  await call('PUT /mine')
  const body = Buffer.alloc(size, 'abcdefg')
  await call('PUT /mine/bytes', { body })
  expect((await call('GET /mine/bytes')).bytes.equals(body)).toBe(true)
})

it('belongs to the one who puts it, in the bucket of another', async () => {
  await call('PUT /shared', { headers: { 'x-amz-acl': 'public-read-write' } })
  await call('PUT /shared/bobs', { as: 'bob', body: 'x' })
  expect(await call('GET /shared/bobs')).toMatchObject({ status: 403 })
  await call('PUT /shared/bobs', { as: 'bob', body: 'x', headers: { 'x-amz-acl': 'bucket-owner-read' } })
  expect(await call('GET /shared/bobs')).toMatchObject({ status: 200 })
  expect(await call('PUT /shared/anybodys', { as: 'anonymous', body: 'x' })).toMatchObject({ status: 200 })
})

it('keeps nothing of a body that is not what was signed', async () => {
  await call('PUT /mine')
  await call('PUT /mine/signed', { body: 'before' })
  async function* body() {
    yield Buffer.alloc(100_000)
    throw new Fault({ code: 'BadDigest', status: 400, message: () => 'no' }, [])
  }
  const put = s3().store.putObject({
    bucket: 'mine',
    key: 'signed',
    acl: { owner: { accountId: '', canonicalId: '' }, grants: [] },
    headers: {},
    metadata: {},
    body: Readable.from(body()),
  })
  await expect(put).rejects.toThrow(Fault)
  expect((await call('GET /mine/signed')).text).toBe('before')
})

it.each([
  ['metadata of more than 2 KiB', 'mine/k', { 'x-amz-meta-a': 'x'.repeat(2048) }, 'MetadataTooLarge'],
  ['an unknown canned ACL', 'mine/k', { 'x-amz-acl': 'public' }, 'InvalidArgument'],
  ['a bucket that is not there', 'none/k', {}, 'NoSuchBucket'],
  ['no length', 'mine/k', { 'transfer-encoding': 'chunked' }, 'MissingContentLength'],
])('refuses %s', async (_, path, headers, code) => {
  await call('PUT /mine')
  expect((await call(`PUT /${path}`, { body: 'x', headers })).all('Code')).toEqual([code])
})

it('takes a body of no told length in AWS, if it comes in chunks', async () => {
  await aws.call('PUT /mine')
  expect(await aws.call('PUT /mine/k', { body: 'xyz', headers: { 'transfer-encoding': 'chunked' } })).toMatchObject({
    status: 200,
  })
  expect((await aws.call('GET /mine/k')).text).toBe('xyz')
})

it.each([
  ['gzip', 'gzip'],
  ['deflate, gzip', 'deflate, gzip'],
  ['gzip, aws-chunked', 'gzip'],
  ['aws-chunked,gzip,br', 'gzip, br'],
  ['aws-chunked', undefined],
])('keeps the encoding %s as %s', async (encoding, kept) => {
  await call('PUT /mine')
  await call('PUT /mine/encoded', { body: 'x', headers: { 'content-encoding': encoding } })
  expect((await call('HEAD /mine/encoded')).headers['content-encoding']).toBe(kept)
})
