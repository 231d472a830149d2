import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { metadataHandler } from './handler.ts'
import { plain } from './service.harness.ts'

const facts = (instanceId: string) => ({
  ...plain,
  instanceId,
  userData: Buffer.from(`data of ${instanceId} \xff`, 'latin1'),
})

const errors: unknown[] = []
const handle = metadataHandler({
  facts: (id) => {
    if (id === 'i-broken') throw new Error('no records')
    return id === 'i-gone' ? undefined : facts(id)
  },
  fidelity: 'eucalyptus',
  clock: manualClock(),
  random: (bytes) => Buffer.alloc(bytes),
  seal: { signature: () => '', pkcs7: () => '' },
  onError: (error) => errors.push(error),
})

let asker = 'i-0000000a'
const limits: number[] = []
const limitHops = (hops: number) => void limits.push(hops)
const server = createServer((incoming, response) => handle({ instanceId: asker, limitHops }, incoming, response))
beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterEach(() => new Promise<unknown>((resolve) => server.close(resolve)))

async function ask(instanceId: string, path: string, method = 'GET', headers: Record<string, string> = {}, body = '') {
  asker = instanceId
  const { port } = server.address() as AddressInfo
  return new Promise<{ status: number | undefined; headers: object; body: Buffer }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk)
      resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) })
    })
    sent.on('error', reject).end(body)
  })
}

test('an instance gets its own data, byte for byte, and the connection ends', async () => {
  for (const id of ['i-0000000a', 'i-0000000b']) {
    const { status, headers, body } = await ask(id, '/latest/user-data', 'GET', { 'x-forwarded-for': '172.31.0.1' })
    expect([status, body.toString('latin1')]).toEqual([200, `data of ${id} \xff`])
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '20', connection: 'close' })
  }
})

test('a body that nobody asked for does not keep the answer back', async () => {
  const { status, body } = await ask('i-0000000a', '/latest/api/token', 'PUT', {}, 'x'.repeat(100_000))
  expect([status, body.length]).toEqual([200, 56])
})

test('HEAD says how long the body would be', async () => {
  const { status, headers, body } = await ask('i-0000000a', '/latest/meta-data/ami-id', 'HEAD')
  expect([status, body.length, headers]).toEqual([200, 0, expect.objectContaining({ 'content-length': '12' })])
})

test('only an answer with a session token is limited in how far it travels', async () => {
  limits.length = 0
  await ask('i-0000000a', '/latest/meta-data/ami-id')
  // Eucalyptus limits nothing.
  await ask('i-0000000a', '/latest/api/token', 'PUT')
  expect(limits).toEqual([])
})

test('an instance that is gone finds nothing', async () => {
  expect((await ask('i-gone', '/latest/meta-data/ami-id')).status).toBe(404)
})

test('an error of our own is a 500, and is told', async () => {
  expect((await ask('i-broken', '/')).status).toBe(500)
  expect(errors).toEqual([new Error('no records')])
})
