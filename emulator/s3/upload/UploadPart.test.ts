import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

it('stores a part and answers its MD5', async () => {
  const id = await begin('mine/key')
  expect(await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { body: 'hello' })).toMatchObject({
    status: 200,
    text: '',
    headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' },
  })
})

it.each(['0', '10001', 'x', '-1', ''])('refuses the part number "%s"', async (partNumber) => {
  const id = await begin('mine/key')
  const reply = await call(`PUT /mine/key?partNumber=${partNumber}&uploadId=${id}`, { body: 'x' })
  expect([reply.status, reply.all('Code')]).toEqual([400, ['InvalidArgument']])
})

it.each(['none', '', 'x'.repeat(3000)])('knows no upload "%s"', async (id) => {
  await begin('mine/key')
  expect((await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { body: 'x' })).all('Code')).toEqual(['NoSuchUpload'])
})

it('is for the key that the upload began with, and for writers', async () => {
  const id = await begin('mine/key')
  expect((await call(`PUT /mine/other?partNumber=1&uploadId=${id}`, { body: 'x' })).all('Code')).toEqual([
    'NoSuchUpload',
  ])
  expect(await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { body: 'x', as: 'bob' })).toMatchObject({
    status: 403,
  })
})
