import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { s3Request } from '../src/client/s3.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'

/** More than is under way at a time, and no whole number of reads. */
const large = randomBytes(14 * 2 ** 20 + 17)
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function publicObject() {
  const data = mkdtempSync(join(tmpdir(), 'slow-readers-'))
  const emulator = await startCloud({
    cloud: testSettings('aws'),
    ...{ data, host: '127.0.0.1', port: 0, version: '0', accelerator: 'tcg', services: 's3', tls: true },
    log: () => undefined,
  })
  onTestFinished(async () => {
    await emulator.stop()
    rmSync(data, { recursive: true })
  })
  const { port } = new URL(emulator.url)
  const target = { ...emulator.credentials, endpoint: `http://127.0.0.1:${port}`, region: 'eucalyptus' }
  await s3Request(target, { method: 'PUT', path: '/bucket' })
  const path = '/bucket/large'
  const headers = { 'x-amz-acl': 'public-read' }
  expect((await s3Request(target, { method: 'PUT', path, headers, body: large })).status).toBe(200)
  return { hostname: '127.0.0.1', port, path, rejectUnauthorized: false }
}

/** Reads a little, then lets the server wait until all that it could send is under way. */
async function readSlowly(answer: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of answer) {
    hash.update(chunk)
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
  }
  return hash.digest('hex')
}

test.each([
  ['HTTP', request],
  ['TLS', secureRequest],
])('who reads slowly gets the same bytes, beside others who do (%s)', async (_name, ask) => {
  const options = await publicObject()
  const read = async () => {
    const [answer] = (await once(ask(options).end(), 'response')) as [IncomingMessage]
    return readSlowly(answer)
  }
  expect(new Set(await Promise.all([read(), read(), read()]))).toEqual(new Set([sha256(large)]))
})
