import { beforeAll, describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

describe('in aws', () => {
  const { call } = servedS3('aws', 'us-east-1')
  beforeAll(() => call('PUT /mine'))
  const tagsOf = async (key: string) => {
    const reply = await call(`GET /mine/${key}?tagging`)
    return Object.fromEntries(reply.all('Key').map((name, i) => [name, reply.all('Value')[i]]))
  }

  it('says what came with the object, by key', async () => {
    await call('PUT /mine/key', { body: 'x', headers: { 'x-amz-tagging': 'foo=b%20a+r&bar&%C3%A4=1' } })
    expect((await call('GET /mine/key?tagging')).all('Key')).toEqual(['bar', 'foo', 'ä'])
    expect(await tagsOf('key')).toEqual({ foo: 'b a r', bar: '', ä: '1' })
    expect((await call('GET /mine/key')).headers['x-amz-tagging-count']).toBe('3')
  })

  it('says that there are none', async () => {
    await call('PUT /mine/plain', { body: 'x' })
    expect((await call('GET /mine/plain?tagging')).text).toContain('<TagSet></TagSet>')
    expect((await call('HEAD /mine/plain')).headers).not.toHaveProperty('x-amz-tagging-count')
  })

  it.each([
    ['copies them', {}, { old: '1' }],
    ['copies them whatever else comes', { 'x-amz-tagging': 'new=2' }, { old: '1' }],
    ['takes new ones', { 'x-amz-tagging': 'new=2', 'x-amz-tagging-directive': 'REPLACE' }, { new: '2' }],
    ['takes none', { 'x-amz-tagging-directive': 'REPLACE' }, {}],
  ])('of a copy: %s', async (_, headers, expected) => {
    await call('PUT /mine/source', { headers: { 'x-amz-tagging': 'old=1' } })
    const copied = await call('PUT /mine/copy', { headers: { 'x-amz-copy-source': '/mine/source', ...headers } })
    expect(copied.status).toBe(200)
    expect(await tagsOf('copy')).toEqual(expected)
  })

  it('says what an upload began with', async () => {
    const { all } = await call('POST /mine/large?uploads', { headers: { 'x-amz-tagging': 'a=b' } })
    const upload = `/mine/large?uploadId=${all('UploadId')[0]}`
    const { etag } = (await call(`PUT ${upload}&partNumber=1`, { body: 'x' })).headers
    const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
    await call(`POST ${upload}`, { body: `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>` })
    expect(await tagsOf('large')).toEqual({ a: 'b' })
  })

  it.each([
    ['a key twice', 'a=1&a=2', 'InvalidArgument'],
    ['11 tags', 'a&b&c&d&e&f&g&h&i&j&k', 'InvalidTag'],
    ['a long value', `a=${'v'.repeat(257)}`, 'InvalidTag'],
  ])('an object does not come with %s', async (_, tagging, code) => {
    const reply = await call('PUT /mine/refused', { headers: { 'x-amz-tagging': tagging } })
    expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
    expect(await call('HEAD /mine/refused')).toMatchObject({ status: 404 })
  })

  it('is no part of reading the object', async () => {
    await call('PUT /mine/open', { headers: { 'x-amz-acl': 'public-read' } })
    expect(await call('GET /mine/open', { as: 'bob' })).toMatchObject({ status: 200 })
    expect(await call('GET /mine/open?tagging', { as: 'bob' })).toMatchObject({ status: 403 })
  })
})

describe('in eucalyptus', () => {
  const { call } = servedS3('eucalyptus')

  it('objects have no tags', async () => {
    await call('PUT /mine')
    expect(await call('PUT /mine/key', { headers: { 'x-amz-tagging': 'a=1&a=2' } })).toMatchObject({ status: 200 })
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const reply = await call(`${method} /mine/key?tagging`)
      expect([reply.status, reply.all('Code')]).toEqual([405, ['MethodNotAllowed']])
    }
    expect((await call('HEAD /mine/key')).headers).not.toHaveProperty('x-amz-tagging-count')
  })
})
