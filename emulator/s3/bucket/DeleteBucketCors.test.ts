import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const body =
  '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>'

it('takes the rules away, also when there are none', async () => {
  await call('PUT /mine')
  await call('PUT /mine?cors', { body })
  expect(await call('DELETE /mine?cors', { as: 'bob' })).toMatchObject({ status: 403 })
  for (let time = 0; time < 2; time += 1) {
    expect(await call('DELETE /mine?cors')).toMatchObject({ status: 204, text: '' })
    expect((await call('GET /mine?cors')).all('Code')).toEqual(['NoSuchCORSConfiguration'])
  }
})

it('is done with the bucket', async () => {
  await call('PUT /again')
  await call('PUT /again?cors', { body })
  await call('DELETE /again')
  await call('PUT /again')
  expect((await call('GET /again?cors')).all('Code')).toEqual(['NoSuchCORSConfiguration'])
})
