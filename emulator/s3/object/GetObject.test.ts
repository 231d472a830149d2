import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const aws = servedS3('aws', 'us-east-1')
const etag = '"2e9ec317e197819358fbc43afca7d837"'
const put = async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: '01234567' })
  await call('PUT /mine/empty', { body: '' })
}

it.each([
  ['bytes=0-0', 206, '0', 'bytes 0-0/8'],
  ['bytes=2-4', 206, '234', 'bytes 2-4/8'],
  ['bytes=6-', 206, '67', 'bytes 6-7/8'],
  ['bytes=-3', 206, '567', 'bytes 5-7/8'],
  ['bytes=-99', 206, '01234567', 'bytes 0-7/8'],
  ['bytes=5-99', 206, '567', 'bytes 5-7/8'],
  ['bytes=4-2', 200, '01234567', undefined],
  ['bytes=0-1,4-5', 200, '01234567', undefined],
  ['lines=1-2', 200, '01234567', undefined],
])('%s: %i %s', async (range, status, text, contentRange) => {
  await put()
  const reply = await call('GET /mine/key', { headers: { range } })
  expect(reply).toMatchObject({ status, text })
  expect(reply.headers['content-range']).toBe(contentRange)
  expect(reply.headers['content-length']).toBe(String(text.length))
})

it.each([
  ['/mine/key', 'bytes=8-'],
  ['/mine/key', 'bytes=-0'],
  ['/mine/empty', 'bytes=-1'],
])('%s has no %s', async (path, range) => {
  await put()
  const reply = await call(`GET ${path}`, { headers: { range } })
  expect([reply.status, reply.all('Code')]).toEqual([416, ['InvalidRange']])
})

describe('conditions', () => {
  const [before, after] = ['Wed, 31 Dec 2025 23:59:59 GMT', 'Thu, 01 Jan 2026 00:00:00 GMT']
  it.each([
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ 'if-match': `"other", ${etag}` }, 200],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-modified-since': before }, 200],
    [{ 'if-modified-since': after }, 304],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-unmodified-since': before }, 412],
    [{ 'if-unmodified-since': after }, 200],
    [{ 'if-match': etag, 'if-unmodified-since': before }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': after }, 200],
    [{ range: 'bytes=0-1', 'if-range': etag }, 206],
    [{ range: 'bytes=0-1', 'if-range': '"other"' }, 200],
    [{ range: 'bytes=0-1', 'if-range': before }, 200],
  ])('%j: %i', async (headers, status) => {
    await put()
    const reply = await call('GET /mine/key', { headers })
    expect(reply.status).toBe(status)
    if (status === 304) expect([reply.text, reply.headers.etag]).toEqual(['', etag])
  })
})

it('lets a signed request choose headers of the answer', async () => {
  await put()
  const query = 'response-content-type=text/x&response-content-disposition=attachment;filename=%C3%A9'
  const reply = await call(`GET /mine/key?${query}`)
  expect(reply.headers).toMatchObject({ 'content-type': 'text/x' })
  expect(Buffer.from(reply.headers['content-disposition'] ?? '', 'latin1').toString()).toBe('attachment;filename=é')
  expect((await call('GET /mine/key?response-expires=a%0d%0ab')).all('Code')).toEqual(['InvalidArgument'])
  await call('PUT /mine/key?acl', { headers: { 'x-amz-acl': 'public-read' } })
  expect((await call(`GET /mine/key?${query}`, { as: 'anonymous' })).all('Code')).toEqual(['InvalidRequest'])
})

it('says what is missing, in AWS only to those who may list', async () => {
  await put()
  expect((await call('GET /mine/none', { as: 'bob' })).all('Code')).toEqual(['NoSuchKey'])
  expect((await call('GET /mine/key', { as: 'bob' })).all('Code')).toEqual(['AccessDenied'])
  await aws.call('PUT /mine')
  expect((await aws.call('GET /mine/none')).all('Code')).toEqual(['NoSuchKey'])
  expect((await aws.call('GET /mine/none', { as: 'bob' })).all('Code')).toEqual(['AccessDenied'])
})

it('knows the version null only, without versioning', async () => {
  await put()
  expect(await call('GET /mine/key?versionId=null&torrent')).toMatchObject({ status: 200 })
  expect((await call('GET /mine/key?versionId=1')).all('Code')).toEqual(['NoSuchKey'])
  expect((await call('GET /mine/key?partNumber=2')).all('Code')).toEqual(['InvalidPartNumber'])
  expect(await call('GET /mine/empty?partNumber=1')).toMatchObject({ status: 200, text: '' })
})
