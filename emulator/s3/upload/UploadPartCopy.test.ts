import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

const copy = async (id: string, source: string, range?: string) =>
  call(`PUT /mine/key?partNumber=1&uploadId=${id}`, {
    headers: { 'x-amz-copy-source': source, ...(range && { 'x-amz-copy-source-range': range }) },
  })

it('copies an object or a range of it', async () => {
  const id = await begin('mine/key')
  await call('PUT /mine/source', { body: '01234567' })
  const whole = await copy(id, 'mine/source')
  expect([whole.xml().name, whole.all('ETag')]).toEqual(['CopyPartResult', ['"2e9ec317e197819358fbc43afca7d837"']])
  const some = await copy(id, '/mine/source', 'bytes=2-4')
  expect(some.all('ETag')).toEqual(['"289dff07669d7a23de0ef88d2f7129e7"'])
})

it.each([
  ['mine/none', undefined, 'NoSuchKey'],
  ['mine/source', 'bytes=0-8', 'InvalidRange'],
  ['mine/source', 'bytes=8-9', 'InvalidRange'],
  ['mine/source', 'bytes=2-', 'InvalidArgument'],
  ['mine/source', '0-1', 'InvalidArgument'],
])('refuses %s %s', async (source, range, code) => {
  const id = await begin('mine/key')
  await call('PUT /mine/source', { body: '01234567' })
  expect((await copy(id, source, range)).all('Code')).toEqual([code])
})

it('knows no other upload', async () => {
  await begin('mine/key')
  await call('PUT /mine/source', { body: '01234567' })
  expect((await copy('none', 'mine/source')).all('Code')).toEqual(['NoSuchUpload'])
})
