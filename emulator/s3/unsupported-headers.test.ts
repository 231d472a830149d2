import { beforeAll, describe, expect, it } from 'vitest'
import { servedS3 } from './service.test.support.ts'

const eucalyptus = servedS3()
const aws = servedS3('aws')
beforeAll(async () => {
  for (const { call } of [eucalyptus, aws]) {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'x' })
  }
})

const copied = { 'x-amz-copy-source': 'mine/key' }

/** What AWS does that the emulator does not: its answer in `aws`; Eucalyptus passes over all of these headers. */
describe.each<[line: string, headers: Record<string, string>, code: string | undefined]>([
  ['PUT /mine/new', { 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-server-side-encryption': 'aws:kms' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }, 'NotImplemented'],
  ['GET /mine/key', { 'x-amz-server-side-encryption-customer-key': 'eA==' }, 'NotImplemented'],
  ['HEAD /mine/key', { 'x-amz-server-side-encryption-customer-key': 'eA==' }, ''],
  ['PUT /mine/new', { ...copied, 'x-amz-copy-source-server-side-encryption-customer-key': 'eA==' }, 'NotImplemented'],
  ['POST /mine/new?uploads', { 'x-amz-server-side-encryption': 'AES256' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-object-lock-legal-hold': 'ON' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-object-lock-legal-hold': 'OFF' }, undefined],
  ['PUT /other', { 'x-amz-bucket-object-lock-enabled': 'true' }, 'NotImplemented'],
  ['PUT /another', { 'x-amz-bucket-object-lock-enabled': 'false' }, undefined],
  ['PUT /mine/new', { 'x-amz-website-redirect-location': '/elsewhere' }, 'NotImplemented'],
  ['PUT /mine/key', { 'x-amz-write-offset-bytes': '1' }, 'NotImplemented'],
  ['PUT /mine/new', { 'x-amz-storage-class': 'GLACIER' }, 'InvalidStorageClass'],
  ['PUT /mine/new', { 'x-amz-storage-class': 'STANDARD' }, undefined],
])('%s with %j', (line, headers, code) => {
  it('is refused in aws and stores nothing', async () => {
    const reply = await aws.call(line, { headers })
    const status = { NotImplemented: 501, InvalidStorageClass: 400, '': 501 }[code ?? 'none'] ?? 200
    expect(reply).toMatchObject({ status })
    if (code) expect(reply.all('Code')).toEqual([code])
    const [, path = ''] = line.split(' ')
    if (code && line.startsWith('PUT') && !path.endsWith('/key')) {
      expect(await aws.call(`HEAD ${path}`)).toMatchObject({ status: 404 })
    }
    await aws.call('DELETE /mine/new')
  })

  it('is taken in eucalyptus', async () => {
    expect(await eucalyptus.call(line, { headers })).toMatchObject({ status: 200 })
  })
})

it('a field of a form is as good as a header', async () => {
  await aws.call('PUT /mine?acl', { headers: { 'x-amz-acl': 'public-read-write' } })
  const part = (name: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const post = (fields: string) =>
    aws.call('POST /mine', {
      as: 'anonymous',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `${part('key', 'posted')}${fields}${part('file', 'x')}--b--\r\n`,
    })
  const refused = await post(part('x-amz-server-side-encryption', 'AES256'))
  expect([refused.status, refused.all('Code')]).toEqual([501, ['NotImplemented']])
  expect(await post('')).toMatchObject({ status: 204 })
})
