import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

const begin = async (path: string, headers: Record<string, string> = {}) => {
  await call('PUT /mine')
  return (await call(`POST /${path}?uploads`, { headers })).all('UploadId')[0] ?? ''
}

const large = Buffer.alloc(5 * 1024 * 1024, 'abc')
const put = async (id: string, partNumber: number, body: string | Buffer) =>
  (await call(`PUT /mine/key?partNumber=${partNumber}&uploadId=${id}`, { body })).headers.etag ?? ''
const listOf = (parts: [number, string][]) =>
  `<CompleteMultipartUpload>${parts
    .map(
      ([number, etag]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`,
    )
    .join('')}</CompleteMultipartUpload>`
const complete = (id: string, body: string) => call(`POST /mine/key?uploadId=${id}`, { body })

it('makes the object that was begun, and answers a repeat alike, but not one of other parts', async () => {
  const id = await begin('mine/key', { 'x-amz-acl': 'public-read', 'content-type': 'text/x', 'x-amz-meta-a': '1' })
  const parts: [number, string][] = [
    [1, await put(id, 1, large)],
    [3, await put(id, 3, 'end')],
  ]
  const reply = await complete(id, listOf(parts))
  expect([reply.status, reply.xml().name, reply.all('Key')]).toEqual([200, 'CompleteMultipartUploadResult', ['key']])
  expect(reply.all('ETag')[0]).toMatch(/^"[0-9a-f]{32}-2"$/)
  expect((await complete(id, listOf(parts))).text).toBe(reply.text)
  const other = await complete(id, listOf(parts.slice(1)))
  expect([other.status, other.all('Code')]).toEqual([404, ['NoSuchUpload']])
  const got = await call('GET /mine/key', { as: 'anonymous' })
  expect(got.bytes.equals(Buffer.concat([large, Buffer.from('end')]))).toBe(true)
  expect(got.headers).toMatchObject({ etag: reply.all('ETag')[0], 'content-type': 'text/x', 'x-amz-meta-a': '1' })
  const second = await call('GET /mine/key?partNumber=2')
  expect(second).toMatchObject({ status: 206, text: 'end', headers: { 'x-amz-mp-parts-count': '2' } })
  expect((await call('GET /mine?uploads')).all('UploadId')).toEqual([])
})

it.each([
  ['no parts', '<CompleteMultipartUpload/>', 'MalformedXML'],
  ['another document', '<Delete/>', 'MalformedXML'],
  ['part 0', listOf([[0, 'x']]), 'MalformedXML'],
  ['a part that is not there', listOf([[2, 'x']]), 'InvalidPart'],
  ['another ETag', listOf([[1, '"x"']]), 'InvalidPart'],
])('refuses %s', async (_, body, code) => {
  const id = await begin('mine/key')
  await put(id, 1, 'x')
  const reply = await complete(id, body)
  expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
})

it('refuses parts out of order and too small ones', async () => {
  const id = await begin('mine/key')
  const [one, two] = [await put(id, 1, 'x'), await put(id, 2, 'y')]
  expect(
    (
      await complete(
        id,
        listOf([
          [2, two],
          [1, one],
        ]),
      )
    ).all('Code'),
  ).toEqual(['InvalidPartOrder'])
  expect(
    (
      await complete(
        id,
        listOf([
          [1, one],
          [2, two],
        ]),
      )
    ).all('Code'),
  ).toEqual(['EntityTooSmall'])
  expect((await complete('none', listOf([[1, one]]))).all('Code')).toEqual(['NoSuchUpload'])
})

it('reads a list of 10,000 parts', async () => {
  const id = await begin('mine/key')
  const etag = await put(id, 1, 'x')
  const listed = Array.from({ length: 10_000 }, (_, index): [number, string] => [index + 1, etag])
  expect((await complete(id, listOf(listed))).all('Code')).toEqual(['InvalidPart'])
  expect(await complete(id, listOf(listed.slice(0, 1)))).toMatchObject({ status: 200 })
})
