import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const eucalyptus = servedS3()
const { call } = servedS3('aws')
const policy = (Principal: unknown) =>
  JSON.stringify({ Statement: { Effect: 'Allow', Principal, Action: 's3:*', Resource: 'arn:aws:s3:::mine' } })

it('tells whether the policy is public', async () => {
  await call('PUT /mine')
  expect((await call('GET /mine?policyStatus')).all('Code')).toEqual(['NoSuchBucketPolicy'])
  await call('PUT /mine?policy', { body: policy('*') })
  expect((await call('GET /mine?policyStatus')).all('IsPublic')).toEqual(['true'])
  await call('PUT /mine?policy', { body: policy({ AWS: '000000000002' }) })
  expect((await call('GET /mine?policyStatus')).all('IsPublic')).toEqual(['false'])
})

it('is not known to Eucalyptus', async () => {
  await eucalyptus.call('PUT /mine')
  expect((await eucalyptus.call('GET /mine?policyStatus')).all('Code')).toEqual(['MethodNotAllowed'])
})
