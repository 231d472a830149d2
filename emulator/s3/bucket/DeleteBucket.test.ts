import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it("removes an empty bucket of one's own", async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
  expect(await call('DELETE /mine', { as: 'bob' })).toMatchObject({ status: 403 })
  const refused = await call('DELETE /mine')
  expect([refused.status, refused.all('Code')]).toEqual([409, ['BucketNotEmpty']])
  await call('DELETE /mine/key')
  expect(await call('DELETE /mine')).toMatchObject({ status: 204, text: '' })
  expect((await call('DELETE /mine')).all('Code')).toEqual(['NoSuchBucket'])
})
