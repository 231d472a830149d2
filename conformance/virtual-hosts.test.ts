import { expect, test } from 'vitest'
import type { Transport } from './minio.ts'
import { inHost, toHost, transportToHost } from './virtual-hosts.ts'

test.each([
  ['/bucket', 'http://bucket.s3.localhost:1', '/'],
  ['/bucket/a//b', 'http://bucket.s3.localhost:1', '/a//b'],
  ['/', 'http://s3.localhost:1', '/'],
])('the bucket of %s stands before the host', (path, endpoint, rest) => {
  const request = { method: 'GET', path, query: 'acl' }
  expect(inHost('http://s3.localhost:1', request)).toEqual({ endpoint, request: { ...request, path: rest } })
})

test.each([
  ['http://bucket.s3.localhost:1', 'http://127.0.0.1:1'],
  ['https://bucket.s3.example.org', 'https://bucket.s3.example.org'],
])('a request to %s goes to %s', async (endpoint, expected) => {
  const sent: string[] = []
  const answer = { status: 200, headers: {}, body: Buffer.of() }
  const send = toHost(async (request) => {
    sent.push(request.endpoint)
    return answer
  })
  await send({ method: 'GET', endpoint, rawPath: '/', rawQuery: '', headers: [], body: '' })
  expect(sent).toEqual([expected])
})

test('a request of minio-js goes to the loopback under the name that it has', () => {
  const asked: unknown[] = []
  const transport = { request: (options: unknown) => asked.push(options) } as unknown as Transport
  transportToHost(transport).request({ host: 'bucket.s3.localhost', headers: { host: 'bucket.s3.localhost:1' } })
  expect(asked).toEqual([{ host: '127.0.0.1', headers: { host: 'bucket.s3.localhost:1' } }])
})
