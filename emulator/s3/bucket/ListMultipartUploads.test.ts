import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('pages through uploads by key and time', async () => {
  await call('PUT /mine')
  const ids: string[] = []
  for (const key of ['a', 'b', 'b', 'c/d']) ids.push((await call(`POST /mine/${key}?uploads`)).all('UploadId')[0] ?? '')
  const first = await call('GET /mine?uploads&max-uploads=2&delimiter=/')
  expect([first.all('Key'), first.all('IsTruncated'), first.all('NextKeyMarker')]).toEqual([
    ['a', 'b'],
    ['true'],
    ['b'],
  ])
  const marker = first.all('NextUploadIdMarker')[0]
  const rest = await call(`GET /mine?uploads&delimiter=/&key-marker=b&upload-id-marker=${marker}`)
  expect([rest.all('Key'), rest.all('Prefix')]).toEqual([['b'], ['', 'c/']])
  expect([...first.all('UploadId'), ...rest.all('UploadId')].sort()).toEqual(ids.slice(0, 3).sort())
  expect((await call('GET /none?uploads')).all('Code')).toEqual(['NoSuchBucket'])
})
