import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const eucalyptus = servedS3()
const aws = servedS3('aws', 'eu-west-1')
const east = servedS3('aws', 'us-east-1')
const location = (name: string) =>
  `<CreateBucketConfiguration><LocationConstraint>${name}</LocationConstraint></CreateBucketConfiguration>`

describe('names', () => {
  it.each([
    ['example_rf_bucket', 200, 400],
    ['Upper', 200, 400],
    ['bucket..123', 200, 400],
    ['trailing.', 200, 400],
    ['192.168.0.1', 200, 400],
    ['a1', 200, 400],
    ['x'.repeat(64), 200, 400],
    ['xn--bucket', 200, 400],
    ['bucket-s3alias', 200, 400],
    ['good-name.1', 200, 200],
    ['a', 400, 400],
    ['a*b', 400, 400],
    ['a%26b', 400, 400],
    ['x'.repeat(256), 400, 400],
  ])('%s: %i in eucalyptus, %i in aws', async (name, inEucalyptus, inAws) => {
    expect((await eucalyptus.call(`PUT /${name}`)).status).toBe(inEucalyptus)
    expect((await aws.call(`PUT /${name}`)).status).toBe(inAws)
  })

  it.each(['services', 'Services', '_euca'])(
    '%s is reserved, as other paths of the port begin with it',
    async (name) => {
      for (const { call } of [eucalyptus, aws]) {
        const reply = await call(`PUT /${name}`)
        expect([reply.status, reply.all('Code')]).toEqual([400, ['InvalidBucketName']])
      }
    },
  )

  it.each(['services-1', 'service', 'euca'])('%s is not', async (name) => {
    expect((await eucalyptus.call(`PUT /${name}`)).status).toBe(200)
  })
})

describe('a name that is taken', () => {
  it('may be created again by its owner in Eucalyptus', async () => {
    for (const _ of 'ab')
      expect(await eucalyptus.call('PUT /taken')).toMatchObject({ status: 200, headers: { location: '/taken' } })
  })

  it('is refused by AWS outside us-east-1', async () => {
    await aws.call('PUT /taken')
    const reply = await aws.call('PUT /taken')
    expect([reply.status, reply.all('Code')]).toEqual([409, ['BucketAlreadyOwnedByYou']])
  })

  it('is created again in us-east-1, with the ACL that is asked for now', async () => {
    await east.call('PUT /taken', { headers: { 'x-amz-acl': 'public-read' } })
    expect(await east.call('GET /taken', { as: 'bob' })).toMatchObject({ status: 200 })
    expect(await east.call('PUT /taken')).toMatchObject({ status: 200 })
    expect(await east.call('GET /taken', { as: 'bob' })).toMatchObject({ status: 403 })
  })

  it('is refused to others', async () => {
    await eucalyptus.call('PUT /taken')
    const reply = await eucalyptus.call('PUT /taken', { as: 'bob' })
    expect([reply.status, reply.all('Code')]).toEqual([409, ['BucketAlreadyExists']])
  })
})

describe('what goes with it', () => {
  it('is a location, of any name in Eucalyptus', async () => {
    await eucalyptus.call('PUT /located', { body: location('mars') })
    expect((await eucalyptus.call('GET /located?location')).xml().text).toBe('mars')
    expect(await aws.call('PUT /located', { body: location('mars') })).toMatchObject({ status: 400 })
    expect(await aws.call('PUT /located', { body: location('eu-west-1') })).toMatchObject({ status: 200 })
  })

  it('is a document of that form', async () => {
    const reply = await eucalyptus.call('PUT /broken', { body: '<Delete/>' })
    expect([reply.status, reply.all('Code')]).toEqual([400, ['MalformedXML']])
  })

  it('is an ACL', async () => {
    await eucalyptus.call('PUT /open', { headers: { 'x-amz-acl': 'public-read' } })
    expect(await eucalyptus.call('GET /open', { as: 'anonymous' })).toMatchObject({ status: 200 })
    expect(await eucalyptus.call('PUT /odd', { headers: { 'x-amz-acl': 'no-such' } })).toMatchObject({ status: 400 })
  })
})

it('is not for those without a name', async () => {
  expect(await eucalyptus.call('PUT /nobodys', { as: 'anonymous' })).toMatchObject({ status: 403 })
})

it('ends at 100 buckets', async () => {
  for (let i = 0; i < 100; i += 1)
    expect(await eucalyptus.call(`PUT /many-${i}`, { as: 'bob' })).toMatchObject({ status: 200 })
  const reply = await eucalyptus.call('PUT /many-100', { as: 'bob' })
  expect([reply.status, reply.all('Code')]).toEqual([400, ['TooManyBuckets']])
})
