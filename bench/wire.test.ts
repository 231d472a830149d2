import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Connection, type WireRequest } from './wire.ts'

const server = createServer((incoming, outgoing) => {
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://any')
  outgoing.statusCode = Number(searchParams.get('status') ?? 200)
  if (pathname === '/large') outgoing.end(Buffer.alloc(300_000, 'x'))
  else if (pathname === '/chunked') {
    // No length: Node sends chunks.
    outgoing.write('first,')
    setImmediate(() => outgoing.end('second'))
  } else if (pathname === '/gone') outgoing.destroy()
  else incoming.pipe(outgoing.setHeader('content-length', incoming.headers['content-length'] ?? 0))
})
let connection: Connection
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  connection = await Connection.open((server.address() as AddressInfo).port)
})
afterAll(() => {
  connection.close()
  server.close()
})

const asked = (line: string, also: Partial<WireRequest> = {}): WireRequest => ({
  head: Buffer.from(`${line} HTTP/1.1\r\nhost: any\r\ncontent-length: ${also.body?.length ?? 0}\r\n\r\n`),
  expects: 200,
  ...also,
})

test('one connection carries one answer after the other, whatever their form', async () => {
  expect(await connection.send(asked('PUT /', { body: Buffer.from('four') }))).toMatchObject({
    length: 4,
    body: 'four',
  })
  expect(await connection.send(asked('HEAD /large', { isHead: true }))).toMatchObject({ length: 0 })
  expect(await connection.send(asked('GET /chunked'))).toMatchObject({ length: 12, body: 'first,second' })
  expect(await connection.send(asked('GET /large'))).toMatchObject({ length: 300_000, body: '' })
  expect(await connection.send(asked('GET /?status=204', { expects: 204 }))).toMatchObject({ status: 204, length: 0 })
})

test('another status is an error, and so is a connection that breaks', async () => {
  await expect(connection.send(asked('GET /?status=503'))).rejects.toThrow(/200 was expected of GET .*: HTTP\/1.1 503/)
  await expect(connection.send(asked('GET /gone'))).rejects.toThrow('the server closed the connection')
  // The next request finds another connection.
  expect(await connection.send(asked('GET /chunked'))).toMatchObject({ body: 'first,second' })
})
