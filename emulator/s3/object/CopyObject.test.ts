import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const big = Buffer.alloc(200_000, 'abc')
const copy = (path: string, source: string, headers: Record<string, string> = {}) =>
  call(`PUT /${path}`, { headers: { 'x-amz-copy-source': source, ...headers } })
const put = async () => {
  await call('PUT /mine')
  await call('PUT /mine/a%20b', { body: big, headers: { 'x-amz-meta-a': '1', 'content-type': 'text/x' } })
}

it('copies bytes and metadata, but not the ACL', async () => {
  await put()
  await call('PUT /mine/a%20b?acl', { headers: { 'x-amz-acl': 'public-read' } })
  const reply = await copy('mine/copy', '/mine/a%20b')
  expect([reply.status, reply.xml().name, reply.all('LastModified')]).toEqual([
    200,
    'CopyObjectResult',
    ['2026-01-01T00:00:00.000Z'],
  ])
  const got = await call('GET /mine/copy')
  expect(got.bytes.equals(big)).toBe(true)
  expect(got.headers).toMatchObject({ etag: reply.all('ETag')[0], 'x-amz-meta-a': '1', 'content-type': 'text/x' })
  expect(await call('GET /mine/copy', { as: 'anonymous' })).toMatchObject({ status: 403 })
})

it('takes a plus in the name of the source for a space', async () => {
  await put()
  expect(await copy('mine/copy', 'mine/a+b')).toMatchObject({ status: 200 })
})

it('replaces metadata when asked, also of the object itself', async () => {
  await put()
  const headers = { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-b': '2' }
  expect(await copy('mine/a%20b', 'mine/a%20b', headers)).toMatchObject({ status: 200 })
  const got = await call('GET /mine/a%20b')
  expect([got.headers['x-amz-meta-a'], got.headers['x-amz-meta-b'], got.bytes.equals(big)]).toEqual([
    undefined,
    '2',
    true,
  ])
})

it.each([
  ['onto itself', 'mine/a%20b', 'mine/a%20b', {}, 'InvalidRequest'],
  ['of nothing', 'mine/c', 'mine/none', {}, 'NoSuchKey'],
  ['from no bucket', 'mine/c', 'none/k', {}, 'NoSuchBucket'],
  ['of a name with a plus', 'mine/c', 'mine/a%2Bb', {}, 'NoSuchKey'],
  ['of an odd name', 'mine/c', 'mine', {}, 'InvalidURI'],
  ['of another version', 'mine/c', 'mine/a%20b?versionId=1', {}, 'NoSuchKey'],
  ['with an odd directive', 'mine/c', 'mine/a%20b', { 'x-amz-metadata-directive': 'MOVE' }, 'InvalidArgument'],
  ['when it is another', 'mine/c', 'mine/a%20b', { 'x-amz-copy-source-if-match': '"x"' }, 'PreconditionFailed'],
  ['when it is the same', 'mine/c', 'mine/a%20b', { 'x-amz-copy-source-if-none-match': '*' }, 'PreconditionFailed'],
])('refuses a copy %s', async (_, path, source, headers, code) => {
  await put()
  expect((await copy(path, source, headers)).all('Code')).toEqual([code])
})

it('reads only what the requester may read', async () => {
  await put()
  await call('PUT /bobs', { as: 'bob' })
  const reply = await call('PUT /bobs/copy', { as: 'bob', headers: { 'x-amz-copy-source': 'mine/a%20b' } })
  expect([reply.status, reply.all('Code')]).toEqual([403, ['AccessDenied']])
})
