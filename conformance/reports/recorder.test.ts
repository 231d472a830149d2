import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsOf } from '../clients.ts'
import type { Target } from '../target.ts'
import { askedLine, cameLine, shownBytes } from './exchange.ts'
import { createRecorder } from './recorder.ts'
import { struck } from './secrets.ts'

const secret = 'secret-of-the-administrator'
const account = { accountId: '1', accessKeyId: 'AKIAADMINISTRATOR', secretAccessKey: secret }
const tell = `<CreateAccessKeyResponse><SecretAccessKey>new-key-0123456789</SecretAccessKey></CreateAccessKeyResponse>`

/** Tells all that it was told, and more. */
const server = createServer(async (request, response) => {
  if (request.url?.includes('broken')) return request.destroy()
  const body = await buffer(request)
  if (request.url?.startsWith('/ec2')) return response.end(tell)
  if (request.method === 'PUT') return response.writeHead(200, { etag: '"0"' }).end()
  if (request.url?.includes('big')) return response.end(Buffer.alloc(shownBytes + 100, 0x61))
  return response.writeHead(404).end(`<Error><Code>NoSuchKey</Code><Message>${body.length} ${secret}</Message></Error>`)
})
let target: Target
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoints = { ec2: `${url}/ec2`, s3: `${url}/s3`, sts: `${url}/sts`, iam: `${url}/iam` }
  target = { endpoints, region: 'here' } as Target
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function recorded() {
  const recorder = createRecorder()
  const clients = clientsOf(target, account, { wire: recorder.wire })
  return { recorder, clients, exchanges: () => recorder.transcript([secret, ...recorder.secrets()]).exchanges }
}

test('what our own clients send is written down, and no secret', async () => {
  const { clients, exchanges, recorder } = recorded()
  await clients.ec2.call('CreateAccessKey', { UserName: 'new-key-0123456789' })
  await expect(clients.s3({ method: 'GET', path: '/b/a%2F..%2Fb', query: 'a=1' })).rejects.toThrow('0 ')
  expect(recorder.secrets()).toEqual(['new-key-0123456789'])
  const [create, get] = exchanges()
  expect(askedLine(create!)).toBe('POST /ec2 CreateAccessKey')
  expect(create?.body?.text).toContain(`UserName=${struck}`)
  expect(create?.answer?.body).toMatchObject({
    bytes: tell.length,
    text: expect.stringContaining(`<SecretAccessKey>${struck}<`),
  })
  expect(askedLine(get!)).toBe('GET /s3/b/a%2F..%2Fb?a=1')
  expect(cameLine(get!)).toMatch(/^404 NoSuchKey after \d+ ms$/)
  const authorization = create?.headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1]
  expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIA\S+, SignedHeaders=\S+, Signature=\[struck out\]$/)
  expect(JSON.stringify(exchanges())).not.toMatch(/secret-of|new-key-0/)
})

test('what minio-js sends is written down, its streams too, and it gets all that came', async () => {
  const { clients, exchanges } = recorded()
  await clients.minio.putObject('bucket', 'text', 'hello')
  await clients.minio.putObject('bucket', 'stream', Readable.from([Buffer.from('he'), Buffer.from('llo')]), 5)
  const big = await buffer(await clients.minio.getObject('bucket', 'big'))
  expect(big.length).toBe(shownBytes + 100)
  const [text, stream, get] = exchanges()
  expect(text).toMatchObject({
    method: 'PUT',
    url: `${target.endpoints.s3}/bucket/text`,
    body: { bytes: 5, text: 'hello' },
  })
  expect(text?.answer).toMatchObject({ status: 200, headers: expect.arrayContaining([['etag', '"0"']]) })
  expect(stream?.body?.text).toContain('hello')
  expect(get?.answer?.body).toEqual({ bytes: shownBytes + 100, text: 'a'.repeat(shownBytes) })
})

test('presigned fetches are written down, and what is binary in base64', async () => {
  const { recorder, exchanges } = recorded()
  const url = `${target.endpoints.s3}/b/k?X-Amz-Signature=abc`
  const response = await recorder.wire.fetch(url, { method: 'PUT', body: new Uint8Array([0, 1, 255]) })
  expect(response.status).toBe(200)
  expect(await (await recorder.wire.fetch(url)).text()).toContain('NoSuchKey')
  expect(exchanges()).toMatchObject([
    { method: 'PUT', url: url.replace('abc', struck), body: { bytes: 3, base64: 'AAH/' }, answer: { status: 200 } },
    { method: 'GET', answer: { status: 404, body: { text: expect.stringContaining(struck) } } },
  ])
})

test('a request without an answer says why', async () => {
  const { clients, recorder, exchanges } = recorded()
  await expect(clients.s3({ method: 'GET', path: '/broken' })).rejects.toThrow()
  recorder.beginCleanUp()
  await expect(clients.minio.statObject('bucket', 'broken')).rejects.toThrow()
  await expect(recorder.wire.fetch(`${target.endpoints.s3}/broken`)).rejects.toThrow()
  const all = exchanges()
  expect(all.length).toBeGreaterThanOrEqual(3)
  for (const one of all) expect(one).toMatchObject({ failure: expect.any(String) })
  expect(all[0]?.cleanUp).toBeUndefined()
  expect(all.at(-1)).toMatchObject({ cleanUp: true })
  expect(all[0]?.answer).toBeUndefined()
})

test('of a long case the beginning and the end are kept', async () => {
  const { clients, recorder, exchanges } = recorded()
  for (let count = 0; count < 403; count += 1) {
    await clients.ec2.rawRequest('DescribeImages', { Count: count }, { sign: 'none' })
  }
  expect(recorder.transcript([]).leftOut).toBe(3)
  expect(exchanges().map(({ body }) => /Count=(\d+)/.exec(body?.text ?? '')?.[1])).toEqual(
    Array.from({ length: 403 }, (_, count) => String(count)).toSpliced(100, 3),
  )
})
