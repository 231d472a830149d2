import { describe, expect, it } from 'vitest'
import { startChecksum } from '../../../src/protocol/signature/checksums.ts'
import { servedS3 } from '../service.test.support.ts'

const large = Buffer.alloc(5 * 1024 * 1024, 'abc')
const every = { 'x-amz-object-attributes': 'ETag,Checksum,ObjectParts,StorageClass,ObjectSize' }

const crc32 = (...pieces: (Buffer | string)[]) => {
  const sum = startChecksum('crc32')
  for (const piece of pieces) sum.update(Buffer.from(piece))
  return sum.digest().toString('base64')
}

describe('in AWS', () => {
  const { call } = servedS3('aws', 'us-east-1')

  it('tells of a plain object what is asked for', async () => {
    await call('PUT /mine')
    await call('PUT /mine/plain', { body: 'hello', headers: { 'x-amz-checksum-crc32': crc32('hello') } })
    const reply = await call('GET /mine/plain?attributes', { headers: every })
    expect(reply.xml().children.map(({ name }) => name)).toEqual(['ETag', 'Checksum', 'StorageClass', 'ObjectSize'])
    expect(['ETag', 'ChecksumCRC32', 'ChecksumType', 'ObjectSize'].map((name) => reply.all(name)[0])).toEqual([
      '5d41402abc4b2a76b9719d911017c592',
      crc32('hello'),
      'FULL_OBJECT',
      '5',
    ])
    expect(reply.headers['last-modified']).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    const some = await call('GET /mine/plain?attributes', { headers: { 'x-amz-object-attributes': 'ObjectSize' } })
    expect(some.xml().children.map(({ name }) => name)).toEqual(['ObjectSize'])
  })

  it('pages through the parts of an upload', async () => {
    await call('PUT /mine')
    const headers = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' }
    const [id = ''] = (await call('POST /mine/parts?uploads', { headers })).all('UploadId')
    const bodies = [large, large, 'end']
    const put = async (body: Buffer | string, index: number) =>
      (await call(`PUT /mine/parts?partNumber=${index + 1}&uploadId=${id}`, { body })).headers.etag ?? ''
    const etags = await Promise.all(bodies.map(put))
    const listed = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const list = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
    const made = await call(`POST /mine/parts?uploadId=${id}`, { body: list })
    expect(made.all('ChecksumCRC32')).toEqual([crc32(...bodies)])
    const page = async (more: Record<string, string>) => {
      const reply = await call('GET /mine/parts?attributes', { headers: { ...every, ...more } })
      const names = ['PartsCount', 'PartNumber', 'Size', 'IsTruncated', 'NextPartNumberMarker']
      return names.map((name) => reply.all(name).join())
    }
    const size = String(large.length)
    expect(await page({})).toEqual(['3', '1,2,3', `${size},${size},3`, 'false', '3'])
    expect(await page({ 'x-amz-max-parts': '1', 'x-amz-part-number-marker': '1' })).toEqual([
      '3',
      '2',
      size,
      'true',
      '2',
    ])
    expect(await page({ 'x-amz-part-number-marker': '2' })).toEqual(['3', '3', '3', 'false', '3'])
    const part = await call('GET /mine/parts?partNumber=3', { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
    expect(part.headers).toMatchObject({ 'x-amz-checksum-crc32': crc32('end'), 'x-amz-checksum-type': 'FULL_OBJECT' })
  })

  it.each([
    ['nothing', {}, 'InvalidArgument'],
    ['an unknown attribute', { 'x-amz-object-attributes': 'ETag,Colour' }, 'InvalidArgument'],
  ])('refuses to tell %s', async (_, headers, code) => {
    await call('PUT /mine')
    await call('PUT /mine/plain', { body: 'hello' })
    expect((await call('GET /mine/plain?attributes', { headers })).all('Code')).toEqual([code])
  })

  it('is for those who may read the object', async () => {
    await call('PUT /mine')
    await call('PUT /mine/plain', { body: 'hello' })
    expect(await call('GET /mine/plain?attributes', { as: 'bob', headers: every })).toMatchObject({ status: 403 })
    expect(await call('GET /mine/none?attributes', { headers: every })).toMatchObject({ status: 404 })
  })
})

describe('in Eucalyptus', () => {
  const { call } = servedS3()

  it('is not there', async () => {
    await call('PUT /mine')
    await call('PUT /mine/plain', { body: 'hello' })
    const reply = await call('GET /mine/plain?attributes', { headers: every })
    expect([reply.status, reply.all('Code')]).toEqual([405, ['MethodNotAllowed']])
  })
})
