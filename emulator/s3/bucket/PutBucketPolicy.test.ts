import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const eucalyptus = servedS3()
const aws = servedS3('aws')
const policy = (statement: object) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Resource: 'arn:aws:s3:::mine/*', ...statement }] })
const reading = policy({ Action: 's3:GetObject' })

it('takes a policy, which replaces the last', async () => {
  for (const { call } of [eucalyptus, aws]) {
    await call('PUT /mine')
    for (const body of [policy({ Action: 's3:*' }), reading]) {
      expect(await call('PUT /mine?policy', { body })).toMatchObject({ status: 204, text: '' })
    }
    expect((await call('GET /mine?policy')).text).toBe(reading)
  }
})

it.each<[what: string, body: string, inEucalyptus: string, inAws: string]>([
  ['no policy', '', 'InvalidArgument', 'MalformedPolicy'],
  ['no JSON', '<Policy/>', 'InvalidArgument', 'MalformedPolicy'],
  ['another bucket', reading.replace('mine', 'yours'), 'InvalidArgument', 'MalformedPolicy'],
  [
    'an unknown condition',
    policy({ Action: 's3:*', Condition: { Bool: { x: 'true' } } }),
    'InvalidArgument',
    'MalformedPolicy',
  ],
  ['too long a one', policy({ Action: 's3:*', Sid: 'x'.repeat(20 * 1024) }), 'InvalidArgument', 'MalformedPolicy'],
])('refuses %s', async (_what, body, inEucalyptus, inAws) => {
  await eucalyptus.call('PUT /mine')
  await aws.call('PUT /mine')
  const before = (await aws.call('GET /mine?policy')).text
  expect((await eucalyptus.call('PUT /mine?policy', { body })).all('Code')).toEqual([inEucalyptus])
  expect((await aws.call('PUT /mine?policy', { body })).all('Code')).toEqual([inAws])
  expect((await aws.call('GET /mine?policy')).text).toBe(before)
})

it('is the owner’s, whatever a policy says to others', async () => {
  for (const [{ call }, status] of [
    [eucalyptus, 403],
    [aws, 405],
  ] as const) {
    await call('PUT /mine')
    expect(await call('PUT /mine?policy', { as: 'bob', body: reading })).toMatchObject({ status: 403 })
    await call('PUT /mine?policy', { body: policy({ Action: 's3:*', Resource: 'arn:aws:s3:::mine' }) })
    for (const line of ['PUT /mine?policy', 'GET /mine?policy', 'DELETE /mine?policy']) {
      expect(await call(line, { as: 'bob', ...(line.startsWith('PUT') && { body: reading }) })).toMatchObject({
        status,
      })
    }
  }
})
