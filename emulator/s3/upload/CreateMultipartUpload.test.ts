import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('begins an upload', async () => {
  await call('PUT /mine')
  const reply = await call('POST /mine/a//b?uploads')
  expect([reply.xml().name, reply.all('Bucket'), reply.all('Key')]).toEqual([
    'InitiateMultipartUploadResult',
    ['mine'],
    ['a//b'],
  ])
  expect(reply.all('UploadId')[0]).toMatch(/^[0-9a-f]{44}$/)
  expect(await call('GET /mine/a//b')).toMatchObject({ status: 404 })
  expect(await call('POST /mine/a?uploads', { as: 'bob' })).toMatchObject({ status: 403 })
  expect((await call('POST /none/a?uploads')).all('Code')).toEqual(['NoSuchBucket'])
})
