import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws')

it('unblocks what was blocked, whether or not anything was', async () => {
  await call('PUT /mine')
  const body =
    '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>'
  await call('PUT /mine?publicAccessBlock', { body })
  expect(await call('DELETE /mine?publicAccessBlock', { as: 'bob' })).toMatchObject({ status: 403 })
  for (const _ of 'ab') expect(await call('DELETE /mine?publicAccessBlock')).toMatchObject({ status: 204 })
  expect(await call('GET /mine?publicAccessBlock')).toMatchObject({ status: 404 })
  expect(await call('PUT /mine?acl', { headers: { 'x-amz-acl': 'public-read' } })).toMatchObject({ status: 200 })
})
