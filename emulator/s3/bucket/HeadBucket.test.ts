import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('tells whether the bucket is there and may be listed', async () => {
  await call('PUT /mine')
  expect(await call('HEAD /mine/')).toMatchObject({ status: 200, headers: { 'x-amz-bucket-region': 'eucalyptus' } })
  expect(await call('HEAD /none')).toMatchObject({ status: 404, text: '' })
  expect(await call('HEAD /mine', { as: 'bob' })).toMatchObject({ status: 403, text: '' })
  expect(await call('HEAD /mine', { as: 'admin' })).toMatchObject({ status: 200 })
})
