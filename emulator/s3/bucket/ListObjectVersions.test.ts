import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('lists each object as its only version', async () => {
  await call('PUT /mine')
  for (const key of ['a', 'b', 'c/d']) await call(`PUT /mine/${key}`, { body: 'x' })
  const reply = await call('GET /mine?versions&delimiter=/&max-keys=2')
  expect([reply.all('Key'), reply.all('VersionId'), reply.all('IsLatest')]).toEqual([
    ['a', 'b'],
    ['null', 'null'],
    ['true', 'true'],
  ])
  expect([reply.all('NextKeyMarker'), reply.all('NextVersionIdMarker')]).toEqual([['b'], ['null']])
  const rest = await call('GET /mine?versions&delimiter=/&key-marker=b&version-id-marker=null')
  expect([rest.all('Key'), rest.all('Prefix')]).toEqual([[], ['', 'c/']])
})
