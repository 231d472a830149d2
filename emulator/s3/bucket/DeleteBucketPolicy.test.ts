import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const Statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mine/*' }

it('removes the policy and what it allowed, whether or not there is one', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
  await call('PUT /mine?policy', { body: JSON.stringify({ Statement }) })
  expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 200 })
  for (const _ of 'ab') expect(await call('DELETE /mine?policy')).toMatchObject({ status: 204 })
  expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 403 })
  expect((await call('GET /mine?policy')).all('Code')).toEqual(['NoSuchBucketPolicy'])
})

it('is the owner’s', async () => {
  expect((await call('DELETE /mine?policy', { as: 'bob' })).all('Code')).toEqual(['AccessDenied'])
})
