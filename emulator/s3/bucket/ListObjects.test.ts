import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const aws = servedS3('aws')

const keys = ['a', 'b/1', 'b/2', 'c d', 'é/x', '\u0001']
const fill = async (bucket: string) => {
  await call(`PUT /${bucket}`)
  for (const key of keys) await call(`PUT /${bucket}/${encodeURIComponent(key)}`, { body: 'xyz' })
}

it('lists keys in order, with their owner', async () => {
  await fill('plain')
  const reply = await call('GET /plain')
  expect(reply.all('Key')).toEqual(['\ufffd', 'a', 'b/1', 'b/2', 'c d', 'é/x'])
  expect(reply.all('Size')).toEqual(keys.map(() => '3'))
  expect(reply.all('ETag')[0]).toBe('"d16fb36f0911f878998c136191af705e"')
  expect(reply.all('DisplayName')[0]).toBe('alice')
  expect([reply.all('IsTruncated'), reply.all('MaxKeys')]).toEqual([['false'], ['1000']])
})

it('rolls up, encodes and goes on after a marker', async () => {
  await fill('rolled')
  const encoded = 'delimiter=%2F&encoding-type=url'
  const first = await call(`GET /rolled?${encoded}&max-keys=3`)
  expect(first.all('Key')).toEqual(['%01', 'a'])
  expect([first.all('Prefix'), first.all('NextMarker'), first.all('IsTruncated')]).toEqual([
    ['', 'b/'],
    ['b/'],
    ['true'],
  ])
  const second = await call(`GET /rolled?${encoded}&marker=b/`)
  expect([second.all('Key'), second.all('Prefix')]).toEqual([['c%20d'], ['', '%C3%A9/']])
  expect((await call('GET /rolled?prefix=b/')).all('Key')).toEqual(['b/1', 'b/2'])
})

it('answers the bucket test of euca-upload-bundle (clients.md, quirk 7)', async () => {
  await fill('tested')
  const reply = await call('GET /tested?max-keys=0')
  expect([reply.status, reply.all('Key'), reply.all('IsTruncated')]).toEqual([200, [], ['false']])
  expect(await call('GET /untested?max-keys=0')).toMatchObject({ status: 404 })
})

it.each(['max-keys=-1', 'max-keys=x', 'encoding-type=base64'])('refuses %s', async (query) => {
  await call('PUT /mine')
  expect((await call(`GET /mine?${query}`)).all('Code')).toEqual(['InvalidArgument'])
})

it('is for those who may read the bucket', async () => {
  await call('PUT /mine')
  expect(await call('GET /mine', { as: 'anonymous' })).toMatchObject({ status: 403 })
})

it('leaves the prefix as it is in AWS', async () => {
  await aws.call('PUT /plain')
  await call('PUT /plain')
  const line = 'GET /plain?prefix=a%0Ab&encoding-type=url'
  expect((await aws.call(line)).all('Prefix')).toEqual(['a\nb'])
  expect((await call(line)).all('Prefix')).toEqual(['a%0Ab'])
})

it('rolls nothing up that is not in order', async () => {
  await call('PUT /plain')
  expect(await call('GET /plain?allow-unordered=true')).toMatchObject({ status: 200 })
  expect((await call('GET /plain?allow-unordered=true&delimiter=/')).all('Code')).toEqual(['InvalidArgument'])
})
