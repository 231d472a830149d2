import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('says what was set', async () => {
  await call('PUT /mine', { headers: { 'x-amz-acl': 'public-read' } })
  expect((await call('GET /mine?tagging')).all('Code')).toEqual(['NoSuchTagSet'])
  const set =
    '<TagSet><Tag><Key>__proto__</Key><Value> a+b </Value></Tag><Tag><Key>z</Key><Value></Value></Tag></TagSet>'
  await call('PUT /mine?tagging', { body: `<Tagging>${set}</Tagging>` })
  expect((await call('GET /mine?tagging')).text).toContain(set)
  expect(await call('GET /mine?tagging', { as: 'bob' })).toMatchObject({ status: 403 })
})
