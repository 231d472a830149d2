import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws', 'us-east-1')

it('takes all tags away, also when there are none', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x', headers: { 'x-amz-tagging': 'a=1' } })
  expect(await call('DELETE /mine/key?tagging', { as: 'bob' })).toMatchObject({ status: 403 })
  for (let time = 0; time < 2; time += 1) {
    expect(await call('DELETE /mine/key?tagging')).toMatchObject({ status: 204, text: '' })
    expect((await call('GET /mine/key?tagging')).all('Tag')).toEqual([])
  }
  expect(await call('GET /mine/key')).toMatchObject({ status: 200, text: 'x' })
})
