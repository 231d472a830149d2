import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('tells the policy as it was sent', async () => {
  await call('PUT /mine')
  expect((await call('GET /mine?policy')).all('Code')).toEqual(['NoSuchBucketPolicy'])
  const body = ' {"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::mine/ü"}}\n'
  await call('PUT /mine?policy', { body })
  const reply = await call('GET /mine?policy')
  expect(reply).toMatchObject({ status: 200, text: body, headers: { 'content-type': 'application/json' } })
})

it('tells nobody else', async () => {
  expect((await call('GET /mine?policy', { as: 'bob' })).all('Code')).toEqual(['AccessDenied'])
  expect((await call('GET /none?policy')).all('Code')).toEqual(['NoSuchBucket'])
})
