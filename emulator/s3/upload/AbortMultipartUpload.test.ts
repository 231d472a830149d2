import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

it('gives up an upload', async () => {
  const id = await begin('mine/key')
  await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { body: 'x' })
  expect(await call(`DELETE /mine/key?uploadId=${id}`, { as: 'bob' })).toMatchObject({ status: 403 })
  expect(await call(`DELETE /mine/key?uploadId=${id}`)).toMatchObject({ status: 204, text: '' })
  const again = await call(`DELETE /mine/key?uploadId=${id}`)
  expect([again.status, again.all('Code')]).toEqual([404, ['NoSuchUpload']])
})
