import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('names owner and grants', async () => {
  await call('PUT /mine', { headers: { 'x-amz-acl': 'public-read' } })
  const reply = await call('GET /mine?acl')
  expect(reply.xml().name).toBe('AccessControlPolicy')
  expect(reply.all('Permission')).toEqual(['READ', 'FULL_CONTROL'])
  expect(reply.all('URI')).toEqual(['http://acs.amazonaws.com/groups/global/AllUsers'])
  expect(reply.all('ID')).toEqual(['1'.repeat(64), '1'.repeat(64)])
  expect(reply.text).toContain('xsi:type="CanonicalUser"')
  expect(await call('GET /mine?acl', { as: 'bob' })).toMatchObject({ status: 403 })
})
