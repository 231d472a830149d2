import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('removes an object, whether or not it is there', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
  for (const _ of 'ab') expect(await call('DELETE /mine/key')).toMatchObject({ status: 204, text: '' })
  expect(await call('GET /mine/key')).toMatchObject({ status: 404 })
  expect((await call('DELETE /none/key')).all('Code')).toEqual(['NoSuchBucket'])
  expect(await call('DELETE /mine/key', { as: 'bob' })).toMatchObject({ status: 403 })
  expect((await call('DELETE /mine/key?versionId=1')).all('Code')).toEqual(['NoSuchVersion'])
})
