import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('takes all tags away, also when there are none', async () => {
  await call('PUT /mine')
  await call('PUT /mine?tagging', {
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  })
  expect(await call('DELETE /mine?tagging', { as: 'bob' })).toMatchObject({ status: 403 })
  for (let time = 0; time < 2; time += 1) {
    expect(await call('DELETE /mine?tagging')).toMatchObject({ status: 204, text: '' })
    expect((await call('GET /mine?tagging')).all('Code')).toEqual(['NoSuchTagSet'])
  }
})
