import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { s3Request } from '../src/client/s3.ts'
import { signHeaders } from '../src/protocol/signature/sigv4.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'

const large = randomBytes(3 * 2 ** 20 + 17)
const hex = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex')

/** An Object Storage with a bucket, and how bodies are sent to it that are not what was signed. */
async function storage() {
  const data = mkdtempSync(join(tmpdir(), 'large-bodies-'))
  const emulator = await startCloud({
    cloud: testSettings('aws'),
    ...{ data, host: '127.0.0.1', port: 0, version: '0', accelerator: 'tcg', hypervisor: fakeHypervisor() },
    services: 's3',
    log: () => undefined,
  })
  onTestFinished(async () => {
    await emulator.stop()
    rmSync(data, { recursive: true })
  })
  const target = { ...emulator.credentials, endpoint: emulator.url, region: 'eucalyptus' }
  await s3Request(target, { method: 'PUT', path: '/bucket' })
  const { host, hostname, port } = new URL(emulator.url)
  /** A PUT of the large body under a hash; the caller sends and reads. */
  const begin = (path: string, payloadHash: string) => {
    const { headers } = signHeaders(
      { method: 'PUT', rawPath: path, rawQuery: '', headers: [['host', host]], payloadHash },
      { ...emulator.credentials, region: 'eucalyptus', service: 's3', time: emulator.cloud.clock.now() },
    )
    const length = { 'content-length': String(large.length) }
    return request({ hostname, port, path, method: 'PUT', headers: { ...Object.fromEntries(headers), ...length } })
  }
  const files = () =>
    readdirSync(join(data, 'objects', 'files'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  return { ask: (...asked: [method: string, path: string]) => s3Request(target, toAsk(...asked)), begin, files }
}

const toAsk = (method: string, path: string) => ({ method, path, ...(method === 'PUT' && { body: large }) })

test('a large body is kept whole under the MD5 that its threads have found', async () => {
  const { ask } = await storage()
  const answers = await Promise.all(['/bucket/a', '/bucket/b', '/bucket/c'].map((path) => ask('PUT', path)))
  for (const { status, headers } of answers) {
    expect([status, headers['etag']]).toEqual([200, `"${hex('md5', large)}"`])
  }
  expect((await ask('GET', '/bucket/b')).body.equals(large)).toBe(true)
})

test('a large body that is not what was signed is refused and leaves nothing', async () => {
  const { ask, begin, files } = await storage()
  const sent = begin('/bucket/wrong', hex('sha256', Buffer.from('else'))).end(large)
  const [answer] = await once(sent, 'response')
  const text = (await answer.toArray()).join('')
  expect([answer.statusCode, text]).toEqual([400, expect.stringContaining('<Code>XAmzContentSHA256Mismatch</Code>')])
  expect(files()).toEqual([])
  expect((await ask('GET', '/bucket/wrong')).status).toBe(404)
})

test('a client that goes away in the middle leaves nothing, and the next body is hashed as ever', async () => {
  const { ask, begin, files } = await storage()
  const sent = begin('/bucket/broken', hex('sha256', large))
  sent.once('error', () => undefined).write(large.subarray(0, 2 * 2 ** 20))
  await expect.poll(() => files().length, { timeout: 20_000 }).toBe(1)
  sent.destroy()
  await expect.poll(() => files().length, { timeout: 20_000 }).toBe(0)
  expect((await ask('GET', '/bucket/broken')).status).toBe(404)
  expect((await ask('PUT', '/bucket/broken')).status).toBe(200)
})
