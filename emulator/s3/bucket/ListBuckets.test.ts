import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('lists the buckets of the account by name, with its owner', async () => {
  for (const name of ['b2', 'b1']) await call(`PUT /${name}`)
  await call('PUT /bobs', { as: 'bob' })
  const reply = await call('GET /')
  expect(reply.xml().name).toBe('ListAllMyBucketsResult')
  expect(reply.all('Name')).toEqual(['b1', 'b2'])
  expect(reply.all('CreationDate')[0]).toBe('2026-01-01T00:00:00.000Z')
  expect([reply.all('ID'), reply.all('DisplayName')]).toEqual([['1'.repeat(64)], ['alice']])
})

it('is not for those without a name', async () => {
  expect(await call('GET /', { as: 'anonymous' })).toMatchObject({ status: 403 })
})
