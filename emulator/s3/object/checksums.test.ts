import { describe, expect, it } from 'vitest'
import { checksumAlgorithms, startChecksum } from '../../../src/protocol/signature/checksums.ts'
import { servedS3 } from '../service.test.support.ts'

const sumOf = (algorithm: (typeof checksumAlgorithms)[number], text: string) => {
  const sum = startChecksum(algorithm)
  sum.update(Buffer.from(text))
  return sum.digest().toString('base64')
}
const show = { 'x-amz-checksum-mode': 'ENABLED' }

describe('in AWS', () => {
  const { call } = servedS3('aws', 'us-east-1')

  it.each(checksumAlgorithms)('keeps %s with the object and shows it when asked', async (algorithm) => {
    const name = `x-amz-checksum-${algorithm}`
    const value = sumOf(algorithm, 'hello')
    const sent = { [name]: value, 'x-amz-checksum-type': 'FULL_OBJECT' }
    await call('PUT /mine')
    expect(await call('PUT /mine/key', { body: 'hello', headers: { [name]: value } })).toMatchObject({
      status: 200,
      headers: sent,
    })
    expect((await call('HEAD /mine/key')).headers).not.toHaveProperty([name])
    expect((await call('HEAD /mine/key', { headers: show })).headers).toMatchObject(sent)
    expect((await call('GET /mine/key', { headers: show })).headers).toMatchObject(sent)
    const some = await call('GET /mine/key', { headers: { ...show, range: 'bytes=0-1' } })
    expect([some.text, some.headers[name]]).toEqual(['he', undefined])
  })

  it('keeps nothing of a body whose checksum is another', async () => {
    await call('PUT /mine')
    const headers = { 'x-amz-checksum-crc32c': sumOf('crc32c', 'other') }
    expect((await call('PUT /mine/wrong', { body: 'hello', headers })).all('Code')).toEqual(['BadDigest'])
    expect(await call('HEAD /mine/wrong')).toMatchObject({ status: 404 })
  })

  it('refuses a body without the checksum that it promises', async () => {
    await call('PUT /mine')
    const headers = { 'x-amz-sdk-checksum-algorithm': 'SHA256' }
    expect((await call('PUT /mine/none', { body: 'hello', headers })).all('Code')).toEqual(['InvalidRequest'])
  })

  it.each([
    ['keeps the checksum', {}, 'crc32'],
    ['computes the one that is asked for', { 'x-amz-checksum-algorithm': 'SHA256' }, 'sha256'],
  ] as const)('a copy %s', async (_, wanted, algorithm) => {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'hello', headers: { 'x-amz-checksum-crc32': sumOf('crc32', 'hello') } })
    const copied = await call('PUT /mine/copy', { headers: { 'x-amz-copy-source': 'mine/key', ...wanted } })
    const value = sumOf(algorithm, 'hello')
    expect([copied.all(`Checksum${algorithm.toUpperCase()}`), copied.all('ChecksumType')]).toEqual([
      [value],
      ['FULL_OBJECT'],
    ])
    const { headers } = await call('HEAD /mine/copy', { headers: show })
    expect(headers[`x-amz-checksum-${algorithm}`]).toBe(value)
  })

  it('refuses an unknown algorithm', async () => {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'hello' })
    const headers = { 'x-amz-copy-source': 'mine/key', 'x-amz-checksum-algorithm': 'CRC16' }
    expect((await call('PUT /mine/copy', { headers })).all('Code')).toEqual(['InvalidRequest'])
  })
})

describe('in Eucalyptus', () => {
  const { call } = servedS3()

  it('a checksum is verified and forgotten', async () => {
    await call('PUT /mine')
    const put = (text: string) =>
      call('PUT /mine/key', { body: 'hello', headers: { 'x-amz-checksum-sha1': sumOf('sha1', text) } })
    expect((await put('other')).all('Code')).toEqual(['BadDigest'])
    expect((await put('hello')).headers).not.toHaveProperty(['x-amz-checksum-sha1'])
    expect((await call('HEAD /mine/key', { headers: show })).headers).not.toHaveProperty(['x-amz-checksum-sha1'])
  })
})
