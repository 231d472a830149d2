import { beforeAll, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws', 'us-east-1')
const tagging = (...keys: string[]) =>
  `<Tagging><TagSet>${keys.map((key) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`).join('')}</TagSet></Tagging>`
const keysOf = async (line: string) => (await call(line)).all('Key')

beforeAll(() => call('PUT /mine', { headers: { 'x-amz-acl': 'public-read-write' } }))

it('replaces the tags and nothing else', async () => {
  await call('PUT /mine/key', { body: 'x', headers: { 'x-amz-tagging': 'old=1' } })
  const before = await call('HEAD /mine/key')
  expect(await call('PUT /mine/key?tagging', { body: tagging('b', 'a') })).toMatchObject({ status: 200, text: '' })
  expect(await keysOf('GET /mine/key?tagging')).toEqual(['a', 'b'])
  const { headers } = await call('HEAD /mine/key')
  expect(headers).toMatchObject({ 'x-amz-tagging-count': '2', etag: before.headers.etag })
  expect(headers['last-modified']).toBe(before.headers['last-modified'])
})

it('tags one version', async () => {
  await call('PUT /kept')
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  await call('PUT /kept?versioning', { body })
  const first = (await call('PUT /kept/key', { body: '1' })).headers['x-amz-version-id']
  await call('PUT /kept/key', { body: '2' })
  const reply = await call(`PUT /kept/key?tagging&versionId=${first}`, { body: tagging('old') })
  expect(reply).toMatchObject({ status: 200, headers: { 'x-amz-version-id': first } })
  expect(await keysOf(`GET /kept/key?tagging&versionId=${first}`)).toEqual(['old'])
  expect(await keysOf('GET /kept/key?tagging')).toEqual([])
})

it.each([
  ['11 tags', tagging(...'abcdefghijk'), 'InvalidTag'],
  ['a key twice', tagging('a', 'a'), 'InvalidTag'],
  ['no document', 'a=b', 'MalformedXML'],
])('refuses %s, and the tags stay', async (_, body, code) => {
  await call('PUT /mine/refusing', { headers: { 'x-amz-tagging': 'kept' } })
  const reply = await call('PUT /mine/refusing?tagging', { body })
  expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
  expect(await keysOf('GET /mine/refusing?tagging')).toEqual(['kept'])
})

it("is for the bucket's owner, whoever may write the bucket and read the object", async () => {
  await call('PUT /mine/open', { as: 'bob', headers: { 'x-amz-acl': 'public-read-write' } })
  for (const as of ['bob', 'anonymous'] as const) {
    expect(await call('PUT /mine/open?tagging', { as, body: tagging('a') })).toMatchObject({ status: 403 })
  }
  expect(await call('PUT /mine/open?tagging', { body: tagging('a') })).toMatchObject({ status: 200 })
  expect((await call('PUT /mine/none?tagging', { body: tagging('a') })).all('Code')).toEqual(['NoSuchKey'])
})
