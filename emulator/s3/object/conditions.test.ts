import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const etag = '"9dd4e461268c8034f5c8564e155c67a6"'

describe('in AWS', () => {
  const { call } = servedS3('aws', 'us-east-1')
  const statusOf = async (line: string, headers: Record<string, string> = {}, body?: string) =>
    (await call(line, { headers, ...(body !== undefined && { body }) })).status

  it('an object is replaced only under the conditions of the request', async () => {
    await call('PUT /mine')
    const put = (headers: Record<string, string>) => statusOf('PUT /mine/put', headers, 'x')
    expect(await put({ 'if-match': '*' })).toBe(404)
    expect(await put({ 'if-none-match': '*' })).toBe(200)
    expect(await put({ 'if-none-match': '*' })).toBe(412)
    expect(await put({ 'if-none-match': etag })).toBe(412)
    expect(await put({ 'if-none-match': '"0"' })).toBe(200)
    expect(await put({ 'if-match': '"0"' })).toBe(412)
    expect(await put({ 'if-match': etag })).toBe(200)
  })

  it('one of many concurrent writers that expect nothing to be there wins', async () => {
    await call('PUT /mine')
    const puts = Array.from({ length: 8 }, (_, i) =>
      statusOf('PUT /mine/race', { 'if-none-match': '*' }, `writer ${i}`),
    )
    expect((await Promise.all(puts)).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 412)])
  })

  it('a copy and a completed upload obey them too', async () => {
    await call('PUT /mine')
    await call('PUT /mine/source', { body: 'x' })
    const copy = (headers: Record<string, string>) =>
      statusOf('PUT /mine/made', { 'x-amz-copy-source': 'mine/source', ...headers })
    expect(await copy({ 'if-match': etag })).toBe(404)
    expect(await copy({ 'if-none-match': '*' })).toBe(200)
    expect(await copy({ 'if-none-match': '*' })).toBe(412)
    const [id = ''] = (await call('POST /mine/made?uploads')).all('UploadId')
    await call(`PUT /mine/made?partNumber=1&uploadId=${id}`, { body: 'x' })
    const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    const complete = (headers: Record<string, string>) => statusOf(`POST /mine/made?uploadId=${id}`, headers, list)
    expect(await complete({ 'if-none-match': '*' })).toBe(412)
    expect(await complete({ 'if-match': '"0"' })).toBe(412)
    expect(await complete({ 'if-match': etag })).toBe(200)
  })

  it.each([
    ['If-Match', { 'if-match': '"0"' }, { 'if-match': etag }],
    ['the time', { 'x-amz-if-match-last-modified-time': 'Thu, 01 Jan 2015 00:00:00 GMT' }, undefined],
    ['the size', { 'x-amz-if-match-size': '2' }, { 'x-amz-if-match-size': '1' }],
  ])('an object is deleted only under the condition of %s', async (_, wrong, right) => {
    await call('PUT /mine')
    await call('PUT /mine/delete', { body: 'x' })
    expect(await statusOf('DELETE /mine/delete', wrong)).toBe(412)
    const { headers } = await call('HEAD /mine/delete')
    const time = { 'x-amz-if-match-last-modified-time': headers['last-modified'] ?? '' }
    expect(await statusOf('DELETE /mine/delete', right ?? time)).toBe(204)
    expect(await statusOf('HEAD /mine/delete')).toBe(404)
    // What is not there meets every condition (S3 API reference).
    expect(await statusOf('DELETE /mine/delete', wrong)).toBe(204)
  })

  it('a condition hides nothing where nothing is', async () => {
    await call('PUT /versioned')
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    await call('PUT /versioned?versioning', { body })
    expect(await statusOf('DELETE /versioned/none', { 'if-match': '*' })).toBe(204)
    expect((await call('GET /versioned?versions')).all('DeleteMarker')).toEqual([])
  })

  it('so are the objects of a list', async () => {
    await call('PUT /mine')
    for (const key of ['a', 'b', 'c']) await call(`PUT /mine/${key}`, { body: 'x' })
    const body = `<Delete><Object><Key>a</Key><ETag>${etag}</ETag></Object><Object><Key>b</Key><ETag>0</ETag></Object><Object><Key>c</Key><Size>2</Size></Object></Delete>`
    const reply = await call('POST /mine?delete', { body })
    expect([reply.all('Key'), reply.all('Code')]).toEqual([
      ['a', 'b', 'c'],
      ['PreconditionFailed', 'PreconditionFailed'],
    ])
    expect([await statusOf('HEAD /mine/a'), await statusOf('HEAD /mine/b')]).toEqual([404, 200])
  })
})

describe('in Eucalyptus', () => {
  const { call } = servedS3()

  it('conditions of writes are not looked at', async () => {
    await call('PUT /mine')
    const put = (headers: Record<string, string>) => call('PUT /mine/put', { headers, body: 'x' })
    expect(await put({ 'if-match': '*' })).toMatchObject({ status: 200 })
    expect(await put({ 'if-none-match': '*' })).toMatchObject({ status: 200 })
    expect(await call('DELETE /mine/put', { headers: { 'if-match': '"0"' } })).toMatchObject({ status: 204 })
  })
})
