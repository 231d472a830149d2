import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws')

it('tells what was set', async () => {
  await call('PUT /mine')
  const missing = await call('GET /mine?publicAccessBlock')
  expect([missing.status, missing.all('Code')]).toEqual([404, ['NoSuchPublicAccessBlockConfiguration']])
  const body =
    '<PublicAccessBlockConfiguration><IgnorePublicAcls>TRUE</IgnorePublicAcls></PublicAccessBlockConfiguration>'
  await call('PUT /mine?publicAccessBlock', { body })
  const { xml } = await call('GET /mine?publicAccessBlock')
  expect(xml().children.map(({ name, text }) => [name, text])).toEqual([
    ['BlockPublicAcls', 'false'],
    ['IgnorePublicAcls', 'true'],
    ['BlockPublicPolicy', 'false'],
    ['RestrictPublicBuckets', 'false'],
  ])
  expect(await call('GET /mine?publicAccessBlock', { as: 'bob' })).toMatchObject({ status: 403 })
})
