import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('is empty when none was sent, for its owner', async () => {
  await call('PUT /mine')
  // clients.md, quirk 12: with an empty value and a slash after the bucket.
  for (const path of ['/mine?location', '/mine/?location=']) {
    const reply = await call(`GET ${path}`)
    expect(reply.text).toContain(
      '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>',
    )
  }
  expect(await call('GET /mine?location', { as: 'bob' })).toMatchObject({ status: 403 })
})

const located = (place: string) =>
  `<CreateBucketConfiguration><LocationConstraint>${place}</LocationConstraint></CreateBucketConfiguration>`

describe.each([
  ['eucalyptus', 'there', 'anywhere', ['', 'anywhere']],
  ['aws', 'eu-west-1', 'eu-west-1', ['eu-west-1', 'eu-west-1']],
  ['aws', 'us-east-1', 'us-east-1', ['', 'us-east-1']],
] as const)('in %s with the region %s', (fidelity, region, place, expected) => {
  const other = servedS3(fidelity, region)

  it('tells where a bucket is that was made without a place, and with one', async () => {
    await other.call('PUT /first')
    await other.call('PUT /other', { body: located(place) })
    const told = async (bucket: string) =>
      /<LocationConstraint[^>]*>([^<]*)</.exec((await other.call(`GET /${bucket}?location`)).text)?.[1]
    expect([await told('first'), await told('other')]).toEqual(expected)
  })
})
