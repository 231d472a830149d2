import { beforeEach, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws')
const eucalyptus = servedS3()
const block = (...names: string[]) =>
  `<PublicAccessBlockConfiguration>${names.map((name) => `<${name}>true</${name}>`).join('')}</PublicAccessBlockConfiguration>`
const set = (...names: string[]) => call('PUT /mine?publicAccessBlock', { body: block(...names) })
const open = { headers: { 'x-amz-acl': 'public-read' } }
const policy = (Principal: unknown) => ({
  body: JSON.stringify({
    Statement: { Effect: 'Allow', Principal, Action: 's3:*', Resource: ['arn:aws:s3:::mine', 'arn:aws:s3:::mine/*'] },
  }),
})
const bob = { AWS: '000000000002' }

beforeEach(async () => {
  await call('PUT /mine')
  await call('DELETE /mine?publicAccessBlock')
  await call('DELETE /mine?policy')
  await call('PUT /mine?acl', open)
  await call('PUT /mine/key', { body: 'x', ...open })
})

it('IgnorePublicAcls lets in by ACL only who is named', async () => {
  expect(await set('IgnorePublicAcls')).toMatchObject({ status: 200 })
  for (const line of ['GET /mine', 'GET /mine/key']) {
    expect(await call(line, { as: 'bob' })).toMatchObject({ status: 403 })
    expect(await call(line)).toMatchObject({ status: 200 })
  }
  await call('PUT /mine?policy', policy('*'))
  expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 200 })
  await call('DELETE /mine?policy')
  await set()
  expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 200 })
})

it('BlockPublicAcls refuses public ACLs wherever one is set', async () => {
  await set('BlockPublicAcls')
  const copy = { headers: { ...open.headers, 'x-amz-copy-source': '/mine/key' } }
  for (const line of ['PUT /mine?acl', 'PUT /mine/key?acl', 'PUT /mine/new', 'POST /mine/new?uploads']) {
    expect([line, (await call(line, open)).all('Code')]).toEqual([line, ['AccessDenied']])
  }
  expect((await call('PUT /mine/new', copy)).all('Code')).toEqual(['AccessDenied'])
  expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 200 })
  expect(await call('PUT /mine/key?acl', { headers: { 'x-amz-acl': 'private' } })).toMatchObject({ status: 200 })
})

it('BlockPublicPolicy refuses public policies', async () => {
  await set('BlockPublicPolicy')
  expect((await call('PUT /mine?policy', policy('*'))).all('Code')).toEqual(['AccessDenied'])
  expect(await call('PUT /mine?policy', policy(bob))).toMatchObject({ status: 204 })
})

it('RestrictPublicBuckets keeps what public policies allow to the account', async () => {
  await call('PUT /mine?acl', { headers: { 'x-amz-acl': 'private' } })
  await call('PUT /mine?policy', policy('*'))
  expect(await call('GET /mine', { as: 'bob' })).toMatchObject({ status: 200 })
  await set('RestrictPublicBuckets')
  expect(await call('GET /mine', { as: 'bob' })).toMatchObject({ status: 403 })
  expect(await call('GET /mine')).toMatchObject({ status: 200 })
  await call('PUT /mine?policy', policy(bob))
  expect(await call('GET /mine', { as: 'bob' })).toMatchObject({ status: 200 })
})

it.each(['', '<Other/>', block('Nonsense'), block('BlockPublicAcls').replace('true', 'yes')])(
  'refuses %j',
  async (body) => {
    expect((await call('PUT /mine?publicAccessBlock', { body })).all('Code')).toEqual(['MalformedXML'])
  },
)

it('is the owner’s, and not known to Eucalyptus', async () => {
  expect(await call('PUT /mine?publicAccessBlock', { as: 'bob', body: block() })).toMatchObject({ status: 403 })
  await eucalyptus.call('PUT /mine')
  expect(await eucalyptus.call('PUT /mine?publicAccessBlock', { body: block() })).toMatchObject({ status: 405 })
})
