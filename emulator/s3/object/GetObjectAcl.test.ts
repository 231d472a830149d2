import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('names owner and grants', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x', headers: { 'x-amz-acl': 'aws-exec-read' } })
  const reply = await call('GET /mine/key?acl')
  expect(reply.all('Permission')).toEqual(['READ', 'FULL_CONTROL'])
  expect(reply.all('URI')).toEqual(['http://acs.amazonaws.com/groups/s3/zateam'])
  expect((await call('GET /mine/none?acl')).all('Code')).toEqual(['NoSuchKey'])
  expect(await call('GET /mine/key?acl', { as: 'bob' })).toMatchObject({ status: 403 })
})
