import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('is GET without the bytes', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'hello' })
  expect(await call('HEAD /mine/key')).toMatchObject({
    status: 200,
    text: '',
    headers: {
      'content-length': '5',
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      'content-type': 'binary/octet-stream',
    },
  })
  const part = await call('HEAD /mine/key', { headers: { range: 'bytes=1-2' } })
  expect(part).toMatchObject({ status: 206, text: '', headers: { 'content-length': '2' } })
  expect(await call('HEAD /mine/none')).toMatchObject({ status: 404, text: '' })
  expect(await call('HEAD /mine/key', { as: 'bob' })).toMatchObject({ status: 403 })
  expect(await call('HEAD /mine/key', { headers: { 'if-match': '"x"' } })).toMatchObject({ status: 412, text: '' })
})
