import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call, s3 } = servedS3()
const body =
  '<LifecycleConfiguration><Rule><Prefix/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>'

it('takes the rules away, also when there are none, and nothing ends any more', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
  await call('PUT /mine?lifecycle', { body })
  expect(await call('DELETE /mine?lifecycle', { as: 'bob' })).toMatchObject({ status: 403 })
  for (let time = 0; time < 2; time += 1) {
    expect(await call('DELETE /mine?lifecycle')).toMatchObject({ status: 204, text: '' })
    expect((await call('GET /mine?lifecycle')).all('Code')).toEqual(['NoSuchLifecycleConfiguration'])
  }
  await s3().clock.advance(10 * 86_400_000)
  await s3().store.endExpired(86_400_000)
  expect(await call('GET /mine/key')).toMatchObject({ status: 200 })
})
