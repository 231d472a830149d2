import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

it('pages through the parts', async () => {
  const id = await begin('mine/key')
  for (const partNumber of [3, 1, 200])
    await call(`PUT /mine/key?partNumber=${partNumber}&uploadId=${id}`, { body: 'hello' })
  const first = await call(`GET /mine/key?uploadId=${id}&max-parts=2`)
  expect([first.all('PartNumber'), first.all('IsTruncated'), first.all('NextPartNumberMarker')]).toEqual([
    ['1', '3'],
    ['true'],
    ['3'],
  ])
  expect([first.all('Size')[0], first.all('ETag')[0]]).toEqual(['5', '"5d41402abc4b2a76b9719d911017c592"'])
  expect(first.all('DisplayName')).toEqual(['alice', 'alice'])
  const rest = await call(`GET /mine/key?uploadId=${id}&part-number-marker=3`)
  expect([rest.all('PartNumber'), rest.all('IsTruncated')]).toEqual([['200'], ['false']])
  expect((await call('GET /mine/key?uploadId=none')).all('Code')).toEqual(['NoSuchUpload'])
})
