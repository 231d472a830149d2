import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const aws = servedS3('aws', 'us-east-1')

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

it('in AWS those own none', async () => {
  const reply = await aws.call('GET /', { as: 'anonymous' })
  expect([reply.status, reply.all('Bucket')]).toEqual([200, []])
})

it('has pages, a prefix and a region in AWS', async () => {
  for (const name of ['page-1', 'page-2', 'page-3', 'other']) await aws.call(`PUT /${name}`)
  const first = await aws.call('GET /?max-buckets=2&prefix=page')
  expect([first.all('Name'), first.all('Prefix')]).toEqual([['page-1', 'page-2'], ['page']])
  const [token] = first.all('ContinuationToken')
  const second = await aws.call(`GET /?max-buckets=2&prefix=page&continuation-token=${token}`)
  expect([second.all('Name'), second.all('ContinuationToken')]).toEqual([['page-3'], []])
  expect((await aws.call('GET /?bucket-region=us-east-1')).all('Name')).toHaveLength(4)
  expect((await aws.call('GET /?bucket-region=mars')).all('Name')).toEqual([])
  expect((await call('GET /?max-buckets=1')).all('Name')).toHaveLength(2)
})

it.each(['max-buckets=0', 'max-buckets=10001', 'max-buckets=x', 'continuation-token=_'])(
  'refuses %s',
  async (query) => {
    expect((await aws.call(`GET /?${query}`)).all('Code')).toEqual(['InvalidArgument'])
  },
)
