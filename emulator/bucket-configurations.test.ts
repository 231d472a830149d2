import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { presignedUrl, type S3Request, s3Request } from '../src/client/s3.ts'
import { testSettings } from './cloud.harness.ts'
import { startCloud } from './index.ts'
import { manualClock } from './state/clock.ts'

const data = mkdtempSync(join(tmpdir(), 'configurations-'))
const clock = manualClock()
const { url, credentials, stop, cloud, ready } = await startCloud({
  ...{ cloud: testSettings('aws'), data, clock, version: '0', host: '127.0.0.1', port: 0, accelerator: 'tcg' },
  services: 's3',
  log: () => {},
})
afterAll(async () => {
  await stop()
  rmSync(data, { recursive: true })
})

const target = { ...credentials, endpoint: url, region: 'us-east-1' }
const call = (line: string, rest: Partial<S3Request> = {}) => {
  const [, method = '', path = '', query = ''] = /^(\S+) ([^?]*)\??(.*)$/.exec(line) ?? []
  return s3Request(target, { method, path, query, time: clock.now(), ...rest })
}

const cors =
  '<CORSConfiguration><CORSRule><AllowedOrigin>http://app.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod>' +
  '<AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>'
const page = { origin: 'http://app.test' }
const told = { 'access-control-allow-origin': 'http://app.test', vary: expect.stringContaining('Origin') }

beforeAll(async () => {
  await ready()
  expect(await call('PUT /mine')).toMatchObject({ status: 200 })
  expect(await call('PUT /mine?cors', { body: cors })).toMatchObject({ status: 200 })
  expect(await call('PUT /mine/key', { body: 'x' })).toMatchObject({ status: 200 })
})

describe('a page of another origin', () => {
  it.each(['v4-query', 'v2-query'] as const)(
    'may ask before a request whose URL is signed (%s), and make it',
    async (sign) => {
      const ask = { method: 'GET', path: '/mine/key', time: clock.now(), expires: 600, sign }
      const signed = presignedUrl(target, ask)
      const asked = { method: 'OPTIONS', headers: { ...page, 'access-control-request-method': 'GET' } }
      const preflight = await fetch(signed, asked)
      expect([preflight.status, Object.fromEntries(preflight.headers)]).toEqual([200, expect.objectContaining(told)])
      const answer = await fetch(signed, { headers: page })
      expect([answer.status, await answer.text()]).toEqual([200, 'x'])
      expect(Object.fromEntries(answer.headers)).toMatchObject(told)
    },
  )

  it('may read why its signature is refused, if a rule allows it', async () => {
    const mutate: S3Request['mutate'] = (request) => ({ ...request, rawPath: '/mine/other' })
    const refused = await call('GET /mine/key', { headers: page, mutate })
    expect(refused).toMatchObject({ status: 403, headers: told })
    expect(refused.body.toString()).toContain('SignatureDoesNotMatch')
    const elsewhere = await call('GET /mine/key', { headers: { origin: 'http://other' }, mutate })
    expect(elsewhere.status).toBe(403)
    expect(elsewhere.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('is not let in by a preflight request: it is nobody', async () => {
    const { status } = await fetch(`${url}/mine/key`, { headers: page })
    expect(status).toBe(403)
  })
})

it('lifecycle rules run by the clock', async () => {
  const rule = '<Rule><Prefix>key</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>'
  const body = `<LifecycleConfiguration>${rule}</LifecycleConfiguration>`
  expect(await call('PUT /mine?lifecycle', { body })).toMatchObject({ status: 200 })
  await call('PUT /mine/stays', { body: 'x' })
  await clock.advance(2 * 86_400_000)
  await vi.waitFor(async () => expect(await cloud.objects.findObject('mine', 'key')).toBeUndefined(), 60_000)
  expect(await call('GET /mine/stays')).toMatchObject({ status: 200 })
})
